import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { jsonSchemaShape } from "../shape/json-schema-shape.js";
import { describeFault } from "../shape/place.js";
import {
  anything,
  flag,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  textUpTo,
} from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import { FIELD_TYPES } from "../template/template-partial.js";
import { type MessageType, type MessageTypeField, type MessageTypeVariant, SUB_FIELDS } from "./message-type.js";

const messageTypeShape = object({
  name: textUpTo(255),
  description: optional(textUpTo(280)),
  icon_name: optional(text),
  preview: text,
  variants: list(object({ key: filledText, name: optional(text), fields: list(record(anything)) })),
});

const fieldShape = object({
  type: oneOf(FIELD_TYPES),
  key: filledText,
  label: optional(text),
  settings: optional(record(anything)),
});

const settingsShape = object({ required: optional(flag), description: optional(text), placeholder: anything });

/** Settings that limit what a field takes. Documents show them in camelCase, files have them in snake_case (section 11). */
const LIMITS: Record<string, Shape<unknown>> = {
  min_length: integer(0),
  max_length: integer(0),
  min: number,
  max: number,
  schema: jsonSchemaShape,
  item_schema: jsonSchemaShape,
};
const LIMITS_OF: Partial<Record<MessageTypeField["type"], readonly string[]>> = {
  text: ["min_length", "max_length"],
  textarea: ["min_length", "max_length"],
  number: ["min", "max"],
  json: ["schema"],
  list: ["item_schema"],
};

function camel(name: string): string {
  return name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

function settingOf(settings: JsonObject, name: string): Json | undefined {
  return settings[name] ?? settings[camel(name)];
}

function parseOptions(settings: unknown, path: PropertyKey[], complain: Complain): string[] {
  if (!isJsonObject(settings)) {
    complain(path, "is required: it has the options");
    return [];
  }
  const shape = list(object({ value: text, label: optional(text) }));
  return checked(shape, settings.options, [...path, "options"], complain)?.map(({ value }) => value) ?? [];
}

/** Of a button or an image the defaults of its texts, where they have some. */
function subDefaults(raw: JsonObject, type: keyof typeof SUB_FIELDS): JsonObject | null {
  const found = SUB_FIELDS[type].flatMap((name): [string, Json][] => {
    const field = raw[name];
    const settings = isJsonObject(field) && isJsonObject(field.settings) ? field.settings : {};
    return settings.default === undefined || settings.default === null ? [] : [[name, settings.default]];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

function parseField(raw: JsonObject, path: PropertyKey[], complain: Complain): MessageTypeField | null {
  const value = checked(fieldShape, raw, path, complain);
  if (value === null) return null;
  const { type, key } = value;
  const settings = (value.settings ?? {}) as JsonObject;
  const here = [...path, "settings"];
  checked(settingsShape, settings, here, complain);
  const limits: JsonObject = {};
  for (const name of LIMITS_OF[type] ?? []) {
    const limit = settingOf(settings, name) ?? (name.endsWith("schema") ? raw[name] : undefined);
    if (limit === undefined || limit === null) continue;
    if (checked(LIMITS[name] as Shape<unknown>, limit, [...here, name], complain) !== null) limits[name] = limit;
  }
  const isSelect = type === "select" || type === "multi_select";
  const own = settings.default ?? null;
  return {
    key,
    type,
    required: settings.required === true,
    default: type === "button" || type === "image" ? (own ?? subDefaults(raw, type)) : own,
    limits,
    options: isSelect ? parseOptions(value.settings, here, complain) : null,
  };
}

function twice<T>(items: readonly T[], keyOf: (item: T) => string): number {
  return items.findIndex((item, index) => items.findIndex((other) => keyOf(other) === keyOf(item)) < index);
}

/** `message_type.json`, its preview read in (section 12 of the format). Throws `project_invalid` with a pointer per fault. */
export function parseMessageType(key: string, raw: unknown, file: string): MessageType {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const value = checked(messageTypeShape, raw, [], complain);
  const variants = (value?.variants ?? []).map((variant, index): MessageTypeVariant => {
    const path = ["variants", index, "fields"];
    const fields = variant.fields.flatMap(
      (field, at) => parseField(field as JsonObject, [...path, at], complain) ?? [],
    );
    const same = twice(fields, (field) => field.key);
    if (same >= 0) complain([...path, same, "key"], `"${fields[same]?.key}" is already the key of another field`);
    return { key: variant.key, fields };
  });
  const same = twice(variants, (variant) => variant.key);
  if (same >= 0) complain(["variants", same, "key"], `"${variants[same]?.key}" is already the key of another variant`);
  if (value !== null && !variants.some((variant) => variant.key === "default"))
    complain(["variants"], 'must have one with the key "default"');
  const [first, ...rest] = details;
  if (first === undefined) return { key, variants };
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  throw new KnockError("project_invalid", `${file}: ${describeFault(first)}${more}`, {
    details,
    hint: "Section 12 of docs/reference/workflow-format.md has the fields of a message type.",
  });
}
