import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, pointerOf } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";
import { anything, flag, list, object, oneOf, optional, record, text } from "../shape/shape.js";
import {
  FIELD_TYPES,
  type FieldType,
  PARTIAL_TYPES,
  type PartialField,
  type TemplatePartial,
} from "./template-partial.js";

const settingsShape = optional(record(anything));
const partShape = optional(object({ settings: settingsShape }));
const fieldShape = object({
  type: oneOf(FIELD_TYPES),
  key: text,
  settings: settingsShape,
  text: partShape,
  action: partShape,
  url: partShape,
  alt: partShape,
});
const partialShape = object({
  type: oneOf(PARTIAL_TYPES),
  content: text,
  visual_block_enabled: optional(flag),
  input_schema: optional(list(fieldShape)),
});

/** Types that consist of sub-fields, with the keys of these (T-106). */
const PARTS: Partial<Record<FieldType, readonly ("text" | "action" | "url" | "alt")[]>> = {
  button: ["text", "action"],
  image: ["url", "alt", "action"],
};

const defaultOf = (settings: unknown): Json => ((isJsonObject(settings) ? settings.default : null) ?? null) as Json;

/** `partial.json`, its content read in (T-100, T-105). Throws `project_invalid` with a pointer per fault. */
export function parseTemplatePartial(key: string, raw: unknown, file: string): TemplatePartial {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const value = raw;
  if (partialShape(value, [], complain)) {
    if (value.type === "html" && /<\/?mj(ml|-[a-z])/i.test(value.content))
      complain(["content"], "must not contain MJML: the partial's type is html"); // T-108
    if (value.visual_block_enabled === true && value.type !== "html")
      complain(["visual_block_enabled"], "is for partials of type html");
    if (details.length === 0)
      return {
        key,
        type: value.type,
        content: value.content,
        input_schema: (value.input_schema ?? []).map((field) => {
          const { key: name, type, settings } = field;
          const required = isJsonObject(settings) && settings.required === true;
          const parsed: PartialField = { key: name, type, required, default: defaultOf(settings) };
          const parts = PARTS[type];
          if (parts) parsed.parts = Object.fromEntries(parts.map((part) => [part, defaultOf(field[part]?.settings)]));
          return parsed;
        }),
      };
  }
  const [first, ...rest] = details;
  throw new KnockError(
    "project_invalid",
    `${file}: ${first ? `${placeOf(first.pointer)} ${first.message}` : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: "Section 11 of docs/reference/workflow-format.md has the fields of a partial." },
  );
}
