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
  /** Null: the type's own default. */
  default: Json;
  /** Defaults of the sub-fields of a button or an image, by their keys; absent for other types (T-106). */
  parts?: JsonObject;
}

/** A piece of template that others render by its key (section 7 of the templates catalogue). */
export interface TemplatePartial {
  key: string;
  type: PartialType;
  content: string;
  /** Empty: every input is text (T-103). */
  input_schema: PartialField[];
}

/** Partials may render partials, so deep (T-110). */
export const MAX_PARTIAL_DEPTH = 5;

const RENDER_TAG = /\{%-?\s*render\s+(?:\\?["'])([a-z0-9_-]+)/g;

/** The keys of the partials that a template names in `render` tags; the text may be JSON's. */
export function collectPartialKeys(source: string): string[] {
  return source.includes("render") ? [...source.matchAll(RENDER_TAG)].map(([, key]) => key as string) : [];
}
