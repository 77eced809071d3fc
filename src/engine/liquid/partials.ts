import {
  type Arguments,
  type Context,
  type Emitter,
  Hash,
  type Liquid,
  Tag,
  type TagToken,
  type TopLevelToken,
} from "liquidjs";
import { MAX_PARTIAL_DEPTH, type PartialField, type PartialType } from "../../domain/template/template-partial.js";
import { KnockError } from "../../errors/knock-error.js";
import { suggestNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { DecimalNumber } from "./filters/decimal-number.js";
import { renderMarkdown } from "./filters/render-markdown.js";
import { findErrorPosition, formatLiquidError } from "./liquid-errors.js";

/** A partial whose template is parsed. */
export interface ParsedPartial {
  type: PartialType;
  fields: readonly PartialField[];
  /** Renders the content in a context whose scope contains the inputs. */
  render(context: Context): string;
}

/** The partials of one compilation by key. The value is an error if the partial is invalid. */
export type Partials = ReadonlyMap<string, ParsedPartial | KnockError>;

export const NO_PARTIALS: Partials = new Map();

/** Keys in the context that templates cannot name: the partials, the keys of the partials being rendered, styles for the head. */
const PARTIALS = Symbol("partials");
const NESTING = Symbol("nesting");
const STYLES = Symbol("styles");

type CarriedGlobals = { [PARTIALS]?: Partials; [NESTING]?: readonly string[]; [STYLES]?: Set<string> };

/** Builds the globals of a rendering. The `<style>` elements of HTML partials are moved to `styles` if it is given (T-107). */
export function buildPartialGlobals(partials: Partials, styles: Set<string> | null): object {
  return { [PARTIALS]: partials, ...(styles ? { [STYLES]: styles } : {}) };
}

function toInputText(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === "string") return value;
  if (value instanceof DecimalNumber) return String(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Parses the text of a block's attribute as JSON. Returns `fallback` for invalid JSON, and other values unchanged. */
function parseJsonText(value: unknown, fallback: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return fallback;
  }
}

/** Converts the input for a field to the field's type. Throws if a required input is missing (T-104 to T-106). */
function toTypedInput({ type, key, required, default: preset, parts }: PartialField, input: unknown): unknown {
  const missing = input === undefined || input === null;
  const hasDefault = preset !== null || Object.values(parts ?? {}).some((part) => part !== null);
  if (missing && required && !hasDefault) throw new Error(`the input "${key}" is required`);
  const value = missing ? preset : input;
  switch (type) {
    case "boolean":
      return value === true || value === "true";
    case "number":
      return typeof value === "string" && value.trim() !== "" ? parseJsonText(value, value) : (value ?? null);
    case "json":
      return parseJsonText(value, null) ?? null;
    case "list":
    case "multi_select":
      return parseJsonText(value, []) ?? [];
    case "button":
    case "image":
      return fillMissingParts(parts ?? {}, toMap(value));
    case "markdown":
      return renderMarkdown(String(value ?? ""));
    default:
      return toInputText(value ?? "");
  }
}

/** Returns the value of a button or image with its missing sub-fields filled by their defaults, or else empty text (T-106). */
function fillMissingParts(defaults: JsonObject, values: object): JsonObject {
  const value: JsonObject = { ...values };
  for (const [key, preset] of Object.entries(defaults)) value[key] ??= preset ?? "";
  return value;
}

function toMap(value: unknown): object {
  const map = parseJsonText(value, {});
  return isJsonObject(map) ? map : {};
}

/** Builds the variables of a partial. Inputs that its schema does not declare are text (T-103). */
function buildInputs(fields: readonly PartialField[], values: Record<string, unknown>): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) inputs[key] = toInputText(value);
  for (const field of fields) {
    const value = Object.hasOwn(values, field.key) ? values[field.key] : undefined;
    inputs[field.key] = toTypedInput(field, value);
  }
  return inputs;
}

const STYLE_ELEMENT = /<style\b(?:[^<>"']|"[^"]*"|'[^']*')*>[\s\S]*?<\/style\s*>?/gi;
const STYLE_END_TAG = "</style";

/** Moves the `<style>` elements of a partial to the layout's head, each once (T-107). */
function extractStyles(html: string, styles: Set<string> | undefined): string {
  if (styles === undefined || !/<style\b/i.test(html)) return html;
  // The search ends at the last end tag. After it, each start tag would be compared with the whole rest of the text.
  const end = html.toLowerCase().lastIndexOf(STYLE_END_TAG);
  if (end === -1) return html;
  const rest = html.slice(end + STYLE_END_TAG.length);
  const after = /^\s*>?/.exec(rest)?.[0].length ?? 0;
  const closed = html.slice(0, end + STYLE_END_TAG.length + after).replace(STYLE_ELEMENT, (style) => {
    styles.add(style);
    return "";
  });
  return closed + rest.slice(after);
}

/**
 * Renders a partial in its own scope, which has its inputs and, for HTML, the branding (T-102). Throws if the partial does
 * not exist or cannot be rendered.
 */
export function renderPartial(key: string, inputs: Record<string, unknown>, context: Context): string {
  const { [PARTIALS]: partials = NO_PARTIALS, [STYLES]: styles } = context.globals as CarriedGlobals;
  const nesting = [...((context.environments as CarriedGlobals)[NESTING] ?? []), key];
  const partial = partials.get(key);
  if (partial === undefined) throw new Error(`there is no partial "${key}"${suggestNearest(key, partials.keys())}`); // TQ-11
  if (partial instanceof KnockError) throw new Error(partial.message, { cause: partial });
  if (nesting.length > MAX_PARTIAL_DEPTH)
    throw new Error(`partials are nested more than ${MAX_PARTIAL_DEPTH} deep: ${nesting.join(" > ")}`); // TQ-12
  const scope: Record<string | symbol, unknown> = { [NESTING]: nesting };
  if (partial.type === "html") scope.vars = { branding: context.getSync(["vars", "branding"]) };
  try {
    Object.assign(scope, buildInputs(partial.fields, inputs));
    const text = partial.render(context.spawn(scope));
    return partial.type === "html" ? extractStyles(text, styles) : text;
  } catch (error) {
    // The error already names the innermost partial, so the outer partials do not add their keys.
    const message = formatLiquidError(error);
    if (message.startsWith("partial ")) throw error;
    const position = findErrorPosition(error);
    const at = position === null ? "" : ` (line ${position.line}, column ${position.column})`;
    throw new Error(`partial "${key}": ${message}${at}`, { cause: error });
  }
}

/** `{% render 'key', name: value %}`: renders a partial by its key. `for` and `with` are not supported (T-080). */
export class RenderPartialTag extends Tag {
  /** Null without quotes: other dialects take a file name from a variable, which is not supported here. */
  readonly key: string | null;
  private readonly inputs: Hash | null;

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    const { tokenizer } = token;
    const key = /^\s*(?:'([^']*)'|"([^"]*)")/.exec(tokenizer.remaining());
    this.key = key?.[1] ?? key?.[2] ?? null;
    this.inputs = null;
    if (key === null) return;
    tokenizer.advance(key[0].length);
    const modifier = /^\s*(?:,\s*)?(for|with)\b(?!\s*:)/.exec(tokenizer.remaining());
    if (modifier) throw new Error(`render accepts named inputs only, not "${modifier[1]}"`);
    this.inputs = new Hash(tokenizer);
  }

  /** Returns the names of the inputs, with their offsets in the text. A name is before its value. */
  listInputs(): { name: string; begin: number }[] {
    const { input, begin, end } = this.token;
    return Object.entries(this.inputs?.hash ?? {}).map(([name, value]) => {
      const { begin: valueBegin = end } = value ?? {};
      return { name, begin: Math.max(begin, input.lastIndexOf(name, valueBegin - 1)) };
    });
  }

  /** Yields the expressions of the inputs, for the analysis of variables. */
  *arguments(): Arguments {
    yield* Object.values(this.inputs?.hash ?? {}) as Arguments;
  }

  override *render(context: Context, emitter: Emitter): Generator<unknown, void, Record<string, unknown>> {
    if (this.key === null || this.inputs === null)
      throw new Error("render requires a partial's key in quotes, as in {% render 'price-row' %}");
    emitter.write(renderPartial(this.key, yield this.inputs.render(context), context));
  }
}
