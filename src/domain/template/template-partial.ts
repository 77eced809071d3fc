import type { Json, JsonObject } from "../../util/json.js";

export const PARTIAL_TYPES = ["html", "markdown", "text", "json"] as const;
export type PartialType = (typeof PARTIAL_TYPES)[number];

export const FIELD_TYPES = [
  "text",
  "markdown",
  "textarea",
  "boolean",
  "number",
  "color",
  "select",
  "multi_select",
  "button",
  "url",
  "image",
  "json",
  "list",
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** An input of an HTML partial (T-105). */
export interface PartialField {
  key: string;
  type: FieldType;
  required: boolean;
  /** The default value; null means the default of the type. */
  default: Json;
  /** Defaults of the sub-fields of a button or an image, by key. Absent for other types (T-106). */
  parts?: JsonObject;
}

/** A template that other templates render by its key (section 7 of the template catalog). */
export interface TemplatePartial {
  key: string;
  type: PartialType;
  content: string;
  /** The inputs. If the list is empty, every input is text (T-103). */
  input_schema: PartialField[];
}

/** Limits how deep partials may render other partials (T-110). */
export const MAX_PARTIAL_DEPTH = 5;

const RENDER_TAG = /\{%-?\s*render\s+(?:\\?["'])([a-z0-9_-]+)/g;

/**
 * Returns the keys of the partials that a template names in `render` tags. The text may be a JSON string with escaped
 * quotes.
 */
export function collectPartialKeys(source: string): string[] {
  return source.includes("render") ? [...source.matchAll(RENDER_TAG)].map(([, key = ""]) => key) : [];
}
