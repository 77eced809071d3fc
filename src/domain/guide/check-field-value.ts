import { isJsonObject, type Json } from "../../util/json.js";
import { matchesSchema } from "../data-schema/check-trigger-data.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { hasLiquid } from "../template/has-liquid.js";
import { type MessageTypeField, SUB_FIELDS } from "./message-type.js";

function hasNestedLiquid(value: Json): boolean {
  if (typeof value !== "object" || value === null) return hasLiquid(value);
  return Object.values(value).some((child) => hasNestedLiquid(child));
}

/** Matches a URL whose scheme, such as `javascript:`, would run a script in the application's page. */
const SCRIPT_URL = /^\s*(javascript|vbscript|data):/i;

function describeInvalidText(value: string, { type, limits, options }: MessageTypeField): string | null {
  if (options !== null && !options.includes(value)) return `must be one of ${options.join(", ")}, found "${value}"`;
  if (type === "color" && !/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value))
    return "must be a color such as #3454d1";
  if (type === "url" && SCRIPT_URL.test(value)) return "must not be a script";
  if (typeof limits.min_length === "number" && value.length < limits.min_length)
    return `must have at least ${limits.min_length} characters`;
  if (typeof limits.max_length === "number" && value.length > limits.max_length)
    return `must have at most ${limits.max_length} characters`;
  return null;
}

function describeInvalidNumber(value: number, { limits }: MessageTypeField): string | null {
  if (typeof limits.min === "number" && value < limits.min) return `must be at least ${limits.min}, found ${value}`;
  return typeof limits.max === "number" && value > limits.max ? `must be at most ${limits.max}, found ${value}` : null;
}

/**
 * Returns why a value does not match its field, or null. Values with Liquid are only known at run time and are valid.
 */
function describeInvalidValue(value: Json, field: MessageTypeField): string | null {
  const { type, limits } = field;
  const isLiquid = hasLiquid(value);
  switch (type) {
    case "boolean":
      return typeof value === "boolean" || isLiquid ? null : "must be true or false";
    case "number":
      if (isLiquid) return null;
      return typeof value === "number" ? describeInvalidNumber(value, field) : "must be a number";
    case "multi_select":
    case "list":
      if (!Array.isArray(value)) return isLiquid && type === "list" ? null : "must be a list";
      if (type === "list" && isJsonObject(limits.item_schema)) {
        const schema = limits.item_schema;
        const invalidIndex = value.findIndex((item) => !hasNestedLiquid(item) && !matchesSchema(schema, item));
        return invalidIndex < 0 ? null : `item ${invalidIndex} does not match the field's item_schema`;
      }
      return null;
    case "json":
      if (!isJsonObject(limits.schema) || hasNestedLiquid(value)) return null;
      return matchesSchema(limits.schema, value) ? null : "does not match the field's schema";
    case "button":
    case "image":
      return isJsonObject(value) ? null : `must be an object with ${SUB_FIELDS[type].join(", ")}`;
    default:
      if (typeof value !== "string") return "must be text";
      return isLiquid ? null : describeInvalidText(value, field);
  }
}

/**
 * Checks a guide's value against the field of its message type. Values with Liquid are not checked, because they are
 * rendered for each user (section 12 of the format).
 */
export function checkFieldValue(
  value: Json,
  field: MessageTypeField,
  path: PropertyKey[],
  report: ReportFinding,
): void {
  const message = describeInvalidValue(value, field);
  if (message !== null) return report(path, message);
  if (field.type === "multi_select" && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (typeof item !== "string") report([...path, index], "must be text");
      else if (!hasLiquid(item)) {
        const itemMessage = describeInvalidText(item, field);
        if (itemMessage !== null) report([...path, index], itemMessage);
      }
    }
  }
  if ((field.type !== "button" && field.type !== "image") || !isJsonObject(value)) return;
  const names: readonly string[] = SUB_FIELDS[field.type];
  for (const [name, child] of Object.entries(value)) {
    if (!names.includes(name)) report([...path, name], `is not a part of a ${field.type}: ${names.join(", ")}`);
    else if (child !== null && typeof child !== "string") report([...path, name], "must be text");
    else if (typeof child === "string" && name !== "text" && name !== "alt" && SCRIPT_URL.test(child))
      report([...path, name], "must not be a script");
  }
}
