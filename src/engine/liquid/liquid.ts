import { Context, Output, type Template, Tokenizer, Value } from "liquidjs";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { findServices } from "./filters/render-services.js";
import { getLiquid, parseOwn, parseStrictly, parseTemplate } from "./liquid-engine.js";
import {
  findErrorPosition,
  formatLiquidError,
  getOriginalError,
  type Position,
  RenderError,
  suggestName,
} from "./liquid-errors.js";
import { getLiquidMode, type LiquidMode } from "./liquid-mode.js";
import { buildPartialGlobals, NO_PARTIALS, type ParsedPartial, type Partials, renderPartial } from "./partials.js";
import { readTextKeys } from "./read-text-keys.js";
import {
  createContext,
  evaluateInContext,
  renderInContext,
  renderInScope,
  renderPartialTemplates,
} from "./render-templates.js";
import { blankText, replaceUnreadBlocks } from "./replace-unread-blocks.js";
import { type ConditionResult, listTemplateConditions, observeConditions } from "./template-conditions.js";

/** Matches an output up to its end, or up to the start of the next output or tag. Quoted text is skipped. */
const OUTPUT = /\{\{(?:"[^"]*"|'[^']*'|(?!\}\}|\{\{|\{%)[\s\S])*(\}\}|\{\{|\{%)?/g;

/**
 * Returns the position of the first output whose `}}` is missing before another output or tag begins, or null. Liquid would
 * read everything up to the next `}}` as one output and ignore the part that it cannot parse.
 */
export function findUnclosedOutput(source: string): { line: number; column: number } | null {
  const readableSource = replaceUnreadBlocks(source, ({ opening, text, closing }) =>
    blankText(opening + text + closing),
  );
  for (const { index, 1: end } of readableSource.matchAll(OUTPUT)) {
    if (end !== "{{" && end !== "{%") continue;
    const before = readableSource.slice(0, index).split("\n");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
  }
  return null;
}

export { RenderError };

/** The variables of a template by name (section 2 of the templates catalog). */
export type RenderScope = Record<string, unknown>;

/** A scope in which several texts are rendered. A text sees the variables that earlier texts assigned (T-123). */
export type Rendering = Context;

/** A parsed template. Renders as text; throws {@link RenderError} if that fails. */
export interface CompiledText {
  (scope: RenderScope | Rendering): string;
  /** Returns the value itself instead of its text. Undefined unless the template consists of one output. */
  evaluate?(rendering: Rendering): unknown;
}

/** Parses a template. `fieldPath` is its location in errors, such as `steps[2].template.subject`. */
export type CompileText = (source: string, fieldPath: string) => CompiledText;

/** The location of a text in errors: its field path in a resource, or its own file, which an editor can open. */
type TextLocation = string | { file: string };

function formatLocation(location: TextLocation, position: Position | null): string {
  if (typeof location === "object")
    return position ? `${location.file}:${position.line}:${position.column}` : location.file;
  return position ? `${location}, line ${position.line}, column ${position.column}` : location;
}

/** Returns an error with the location, or the error of an inner text, which already has one. */
function toRenderError(error: unknown, location: TextLocation | null): RenderError {
  if (error instanceof RenderError) return error;
  const originalError = getOriginalError(error);
  if (originalError instanceof RenderError) return originalError;
  const prefix = location === null ? "" : `${formatLocation(location, findErrorPosition(error))}: `;
  return new RenderError(prefix + formatLiquidError(error), { cause: error });
}

/** Returns the expression of a template that consists of one output and white space around it. Null for other templates. */
function findSingleOutput(templates: readonly Template[]): Value | null {
  const parts = templates.filter((part) => part.token.getText().trim() !== "");
  const [only] = parts;
  if (parts.length !== 1 || !(only instanceof Output)) return null;
  const { input, file, contentRange } = only.token;
  // The output's own expression ends with the output filter, which would convert the value to text.
  const tokenizer = new Tokenizer(input, undefined, file, contentRange);
  return new Value(tokenizer.readFilteredValue(), getLiquid());
}

/** Returns the value of an expression, as `render` tags pass it to a partial. Throws like {@link renderTemplates}. */
function evaluateOutput(value: Value, rendering: Rendering, location: TextLocation, mode?: LiquidMode): unknown {
  const services = findServices(rendering.globals);
  let found: unknown;
  try {
    found = evaluateInContext(value, rendering, mode ?? getLiquidMode());
  } catch (error) {
    services?.throwPendingLookups();
    throw toRenderError(error, location);
  }
  services?.throwPendingLookups();
  return found;
}

interface RenderOptions {
  globals?: object;
  strictVariables?: boolean;
  mode?: LiquidMode | undefined;
}

const isRendering = (scope: RenderScope | Rendering): scope is Rendering => scope instanceof Context;

/** Renders templates with the services of the scope. Throws {@link RenderError}, or the store lookups that are not read yet. */
function renderTemplates(
  templates: Template[],
  scope: RenderScope | Rendering,
  location: TextLocation | null,
  { globals = {}, strictVariables = false, mode = getLiquidMode() }: RenderOptions = {},
): string {
  const services = findServices(isRendering(scope) ? scope.globals : scope);
  let text: string;
  try {
    text = isRendering(scope)
      ? renderInContext(templates, scope, mode)
      : renderInScope(templates, scope, { globals, strictVariables, mode });
  } catch (error) {
    services?.throwPendingLookups(); // a store lookup that is not read yet can be the cause
    throw toRenderError(error, location);
  }
  services?.throwPendingLookups();
  return text;
}

/** Creates a rendering for texts that share variables. Moves the `<style>` elements of partials to `styleElements` (T-107). */
export function openRendering(
  scope: RenderScope,
  partials: Partials = NO_PARTIALS,
  styleElements: Set<string> | null = null,
): Rendering {
  return createContext(scope, buildPartialGlobals(partials, styleElements), false);
}

/** Renders the partial of a visual block. Throws {@link RenderError}, or the store lookups that are not read yet. */
export function renderPartialBlock(
  key: string,
  inputs: Record<string, unknown>,
  rendering: Rendering,
  fieldPath: string,
): string {
  const services = findServices(rendering.globals);
  let text: string;
  try {
    text = renderPartial(key, inputs, rendering);
  } catch (error) {
    services?.throwPendingLookups();
    throw toRenderError(error, fieldPath);
  }
  services?.throwPendingLookups();
  return text;
}

/** Parses a partial. Throws `template_invalid` with the partial's key or file for a syntax error. */
export function compilePartial(partial: TemplatePartial): ParsedPartial {
  const file = findTextFile(partial, "/content");
  const location = file === undefined ? "content" : { file };
  const named = { owner: `partial "${partial.key}"`, fieldPath: "content", location };
  const templates = parseNamedTemplate(partial.content, named, true);
  return {
    type: partial.type,
    fields: partial.input_schema,
    render: (context) => renderPartialTemplates(templates, context),
  };
}

interface NamedText {
  /** The resource that contains the text, as errors name it. */
  owner: string;
  fieldPath: string;
  location: TextLocation;
}

/**
 * Parses a text. Throws `template_invalid` with its location for a syntax error, and for a partial where none can be
 * rendered.
 */
function parseNamedTemplate(
  source: string,
  { owner, fieldPath, location }: NamedText,
  canRenderPartials: boolean,
): Template[] {
  const createError = (position: Position | null, message: string, cause?: unknown): KnockError => {
    const at =
      typeof location === "object"
        ? formatLocation(location, position)
        : `${owner}: ${formatLocation(location, position)}`;
    const detail: ErrorDetail = { pointer: toPointer(fieldPath), message };
    const hint =
      (cause === undefined ? undefined : suggestName(cause, getLiquid())) ??
      "Run `knock help error template_invalid` to see common causes.";
    return new KnockError("template_invalid", `${at}: ${message}`, { details: [detail], hint, cause });
  };
  const unclosed = findUnclosedOutput(source);
  if (unclosed !== null) throw createError(unclosed, 'output is not closed: "}}" is missing');
  let templates: Template[];
  try {
    templates = parseStrictly(source);
  } catch (error) {
    throw createError(findErrorPosition(error), formatLiquidError(error), error);
  }
  const partial = canRenderPartials ? undefined : readTextKeys(templates).find(({ kind }) => kind === "partial");
  if (partial !== undefined)
    throw createError(
      partial,
      `the partial "${partial.key}" cannot be rendered here, only in a message, a layout or a partial`,
    );
  return templates;
}

/** Returns the JSON pointer for a field path: `/steps/2/template/subject` for `steps[2].template.subject`. */
export function toPointer(fieldPath: string): string {
  return `/${fieldPath.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
}

export type OnConditions = (fieldPath: string, results: readonly ConditionResult[]) => void;

interface CompilerOptions {
  /** Undefined for texts that cannot render partials. */
  partials?: Partials | undefined;
  /** The resource that contains the texts, as errors name it. By default the workflow. */
  owner?: string | (() => string);
  /** Returns the file of a text by its pointer. Undefined if the workflow's file contains the text. */
  findFile?: (pointer: string) => string | undefined;
  /** When to compile templates to JavaScript. By default as `KNOCK_LIQUID` says. */
  mode?: LiquidMode;
  /** Receives the results of the conditions of each rendered text, for the coverage of tests. */
  onConditions?: OnConditions | undefined;
}

/**
 * Creates a compiler for the Liquid texts of a workflow or of another owner. The compiler throws `template_invalid` with the
 * field path or file, line and column for a syntax error or an unknown filter.
 */
export function createTextCompiler(workflow: string, options: CompilerOptions = {}): CompileText {
  const { partials, owner = `workflow "${workflow}"`, findFile, mode, onConditions } = options;
  const globals = buildPartialGlobals(partials ?? NO_PARTIALS, null);
  return (source, fieldPath) => {
    if (!hasLiquid(source)) return () => source;
    const file = findFile?.(toPointer(fieldPath));
    const location = file === undefined ? fieldPath : { file };
    const named = { owner: typeof owner === "string" ? owner : owner(), fieldPath, location };
    const templates = parseNamedTemplate(source, named, partials !== undefined);
    if (onConditions !== undefined && listTemplateConditions(templates).length > 0) {
      const own = parseOwn(source);
      const renderOwn: CompiledText = (scope) => renderTemplates(own, scope, location, { globals, mode: "interpret" });
      return observeConditions(own, renderOwn, (results) => onConditions(fieldPath, results));
    }
    const text: CompiledText = (scope) => renderTemplates(templates, scope, location, { globals, mode });
    const output = findSingleOutput(templates);
    if (output !== null) text.evaluate = (rendering) => evaluateOutput(output, rendering, location, mode);
    return text;
  };
}

/** Parses and renders text that is not known before a run renders it. */
function renderUncompiledText(source: string, scope: RenderScope, strictVariables: boolean): string {
  let templates: Template[];
  try {
    templates = parseTemplate(source).templates;
  } catch (error) {
    throw new RenderError(formatLiquidError(error), { cause: error });
  }
  return renderTemplates(templates, scope, null, { strictVariables });
}

/** Renders text that is not part of a workflow's templates, such as a condition's argument. */
export function renderText(source: string, scope: RenderScope): string {
  return renderUncompiledText(source, scope, false);
}

/** Renders text like {@link renderText}. Throws {@link RenderError} for an undefined property without a `default` (EQ-51). */
export function renderStrictText(source: string, scope: RenderScope): string {
  return renderUncompiledText(source, scope, true);
}

/** The parts of a template, for analysis. */
export type ParsedText = readonly Template[];

/** Parses a text for analysis. Returns null for a syntax error, which the compiler reports. */
export function parseText(source: string): ParsedText | null {
  try {
    return parseTemplate(source).templates;
  } catch {
    return null;
  }
}
