import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { type MessageType, type MessageTypeField, SUB_FIELDS } from "./message-type.js";
import { type MessageTypeFile, messageTypeSchema } from "./message-type-schema.js";

type FieldFile = MessageTypeFile["variants"][number]["fields"][number];

const LIMIT_NAMES: Partial<Record<FieldFile["type"], readonly string[]>> = {
  text: ["min_length", "max_length"],
  textarea: ["min_length", "max_length"],
  number: ["min", "max"],
  json: ["schema"],
  list: ["item_schema"],
};

function toCamelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/**
 * Returns a field's limits by their names in files. Settings may also have camel-case names, as in the service's
 * documentation.
 */
function collectLimits(field: FieldFile): JsonObject {
  const settings = (field.settings ?? {}) as JsonObject;
  const limits: JsonObject = {};
  for (const name of LIMIT_NAMES[field.type] ?? []) {
    const limit = settings[name] ?? settings[toCamelCase(name)] ?? (field as JsonObject)[name];
    if (limit !== undefined && limit !== null) limits[name] = limit;
  }
  return limits;
}

/** Returns the defaults of the parts of a button or an image, or null without any. */
function collectPartDefaults(field: FieldFile): JsonObject | null {
  if (field.type !== "button" && field.type !== "image") return null;
  const defaults = SUB_FIELDS[field.type].flatMap((name): [string, Json][] => {
    const part = (field as JsonObject)[name];
    const value = isJsonObject(part) && isJsonObject(part.settings) ? part.settings.default : undefined;
    return value === undefined || value === null ? [] : [[name, value]];
  });
  return defaults.length === 0 ? null : Object.fromEntries(defaults);
}

function parseField(field: FieldFile): MessageTypeField {
  const { key, type, settings } = field;
  return {
    key,
    type,
    required: settings?.required === true,
    default: (settings?.default as Json | undefined) ?? collectPartDefaults(field),
    limits: collectLimits(field),
    options: type === "select" || type === "multi_select" ? field.settings.options.map(({ value }) => value) : null,
  };
}

/**
 * Parses a `message_type.json` whose preview has been inserted (section 12 of the format). Throws `project_invalid`
 * with one pointer per finding.
 */
export function parseMessageType(key: string, raw: unknown, file: string): MessageType {
  const findings = new DocumentFindings();
  checkJsonShape(raw, file, "project_invalid");
  const value = checkDocument(messageTypeSchema(), raw, findings.add);
  const hint =
    "Run `knock init`. It writes message-type.schema.json to .knock-schemas/, which lists the fields of a message type.";
  if (value === null) throw findings.toError(file, "project_invalid", () => hint);
  const variants = value.variants.map((variant) => ({ key: variant.key, fields: variant.fields.map(parseField) }));
  return { key, variants };
}
