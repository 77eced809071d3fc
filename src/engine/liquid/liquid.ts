import { Context, type LiquidError, Output, type Template, Tokenizer, toValue, toValueSync, Value } from "liquidjs";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { findServices, RENDER_SERVICES, type ServicesCarrier } from "./filters/render-services.js";
import { findUnclosedOutput } from "./find-unclosed-output.js";
import { getLiquid, parseStrictly, parseTemplate } from "./liquid-engine.js";
import { findErrorPosition, formatLiquidError, type Position, suggestName } from "./liquid-errors.js";
import { LimitedEmitter } from "./liquid-limits.js";
import {
  buildPartialGlobals,
  NO_PARTIALS,
  type ParsedPartial,
  type Partials,
  parsePartial,
  renderPartial,
} from "./partials.js";
import { RenderError } from "./render-error.js";

export { RenderError };

/** What templates see: variable name → value (section 2 of the templates catalogue). */
export type RenderScope = Record<string, unknown>;

/** A scope in which several texts are rendered: what one assigns, the next sees (T-123). */
export type Rendering = Context;

/** A parsed template. Throws {@link RenderError} when rendering fails. */
export interface CompiledText {
  (scope: RenderScope | Rendering): string;
  /** Returns the value itself instead of its text, where the template is one output and nothing else. */
  evaluate?(rendering: Rendering): unknown;
}

/** Parses a template; `place` names it in errors, such as `steps[2].template.subject`. */
export type CompileText = (source: string, fieldPath: string) => CompiledText;

/** How errors name a text: by its place in a resource, or by the file that it stands in, where an editor finds it. */
type TextLocation = string | { file: string };

function formatLocation(location: TextLocation, position: Position | null): string {
  if (typeof location === "object")
    return position ? `${location.file}:${position.line}:${position.column}` : location.file;
  return position ? `${location}, line ${position.line}, column ${position.column}` : location;
}

/** Where and what, unless what failed is a text of its own within this one and tells it. */
function toRenderError(error: unknown, location: TextLocation | null): RenderError {
  if (error instanceof RenderError) return error;
  const { originalError } = error as Partial<LiquidError>;
  if (originalError instanceof RenderError) return originalError;
  const prefix = location === null ? "" : `${formatLocation(location, findErrorPosition(error))}: `;
  return new RenderError(prefix + formatLiquidError(error), { cause: error });
}

function createContext(scope: RenderScope, globals: object, strictVariables: boolean): Context {
  const engine = getLiquid();
  const carrier: ServicesCarrier = Object.assign({}, globals); // a literal that spreads them would take longer than the rest
  carrier[RENDER_SERVICES] = findServices(scope);
  const options = { sync: true, strictVariables, globals: carrier };
  return new Context(scope, engine.options, options, { liquid: engine });
}

/** Returns the expression of the only output in a template with nothing but white space around it; null if there is more. */
function findSingleOutput(templates: readonly Template[]): Value | null {
  const parts = templates.filter((part) => part.token.getText().trim() !== "");
  const [only] = parts;
  if (parts.length !== 1 || !(only instanceof Output)) return null;
  const { input, file, contentRange } = only.token as ConstructorParameters<typeof Output>[0];
  // An output's own expression ends with the filter that makes text of it.
  const tokenizer = new Tokenizer(input, undefined, file, contentRange);
  return new Value(tokenizer.readFilteredValue(), getLiquid());
}

/** Returns the value of an expression, as `render` tags pass it. Throws like {@link renderTemplates}. */
function evaluateOutput(value: Value, rendering: Rendering, location: TextLocation): unknown {
  const services = findServices(rendering.globals);
  let found: unknown;
  try {
    found = toValue(toValueSync(value.value(rendering)));
  } catch (error) {
    services?.throwPendingLookups();
    throw toRenderError(error, location);
  }
  services?.throwPendingLookups();
  return found;
}

/** Renders with the services that the scope carries. Throws {@link RenderError}, or what they need to be told first. */
function renderTemplates(
  templates: Template[],
  scope: RenderScope | Rendering,
  location: TextLocation | null,
  { globals = {}, strictVariables = false }: { globals?: object; strictVariables?: boolean } = {},
): string {
  const context = scope instanceof Context ? scope : createContext(scope, globals, strictVariables);
  const services = findServices(context.globals);
  const emitter = new LimitedEmitter();
  try {
    toValueSync(getLiquid().renderer.renderTemplates(templates, context, emitter));
  } catch (error) {
    services?.throwPendingLookups(); // what is not read yet may be why
    throw toRenderError(error, location);
  }
  services?.throwPendingLookups();
  return emitter.buffer;
}

/** Begins to render texts that belong together. With `styles`, those of partials are gathered there (T-107). */
export function openRendering(
  scope: RenderScope,
  partials: Partials = NO_PARTIALS,
  styleElements: Set<string> | null = null,
): Rendering {
  return createContext(scope, buildPartialGlobals(partials, styleElements), false);
}

/** A partial as a visual block names it. Throws {@link RenderError}, or what its filters need to be told first. */
export function renderPartialBlock(
  key: string,
  inputs: Record<string, unknown>,
  rendering: Rendering,
  fieldPath: string,
): string {
  const services = findServices(rendering.globals);
  let text: string;
  try {
    text = renderPartial(key, inputs, rendering, getLiquid());
  } catch (error) {
    services?.throwPendingLookups();
    throw toRenderError(error, fieldPath);
  }
  services?.throwPendingLookups();
  return text;
}

/** Parses a partial. A syntax error throws `template_invalid` that names its file. */
export function compilePartial(partial: TemplatePartial): ParsedPartial {
  return parsePartial(partial, (source) => parseNamedTemplate(source, `partials/${partial.key}`, "content", "content"));
}

/** `place` leads to the text in what `owner` says. */
function parseNamedTemplate(source: string, owner: string, fieldPath: string, location: TextLocation): Template[] {
  const createError = (position: Position | null, message: string, cause?: unknown): KnockError => {
    const at =
      typeof location === "object"
        ? formatLocation(location, position)
        : `${owner}: ${formatLocation(location, position)}`;
    const detail: ErrorDetail = { pointer: toPointer(fieldPath), message };
    const hint =
      (cause === undefined ? undefined : suggestName(cause, getLiquid())) ??
      "Fix the template above and run the command again. Nothing was triggered.";
    return new KnockError("template_invalid", `${at}: ${message}`, { details: [detail], hint, cause });
  };
  const unclosed = findUnclosedOutput(source);
  if (unclosed !== null) throw createError(unclosed, 'output is not closed: its "}}" is missing');
  try {
    return parseStrictly(source);
  } catch (error) {
    throw createError(findErrorPosition(error), formatLiquidError(error), error);
  }
}

/** `steps[2].template.subject` → `/steps/2/template/subject`. */
export function toPointer(fieldPath: string): string {
  return `/${fieldPath.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
}

interface CompilerOptions {
  partials?: Partials;
  /** How errors name what the texts belong to, such as a step. */
  owner?: string | (() => string);
  /** The file that a text stands in, by its pointer. */
  findFile?: (pointer: string) => string | undefined;
}

/**
 * Compiles Liquid text for a workflow, or for what `owner` says. A syntax error or an unknown filter throws
 * `template_invalid` with the place, the file if one is known, line and column.
 */
export function createTextCompiler(workflow: string, options: CompilerOptions = {}): CompileText {
  const { partials = NO_PARTIALS, owner = `workflow "${workflow}"`, findFile: fileOf } = options;
  const globals = buildPartialGlobals(partials, null);
  return (source, fieldPath) => {
    if (!source.includes("{{") && !source.includes("{%")) return () => source;
    const file = fileOf?.(toPointer(fieldPath));
    const where = file === undefined ? fieldPath : { file };
    const templates = parseNamedTemplate(source, typeof owner === "string" ? owner : owner(), fieldPath, where);
    const text: CompiledText = (scope) => renderTemplates(templates, scope, where, { globals });
    const output = findSingleOutput(templates);
    if (output !== null) text.evaluate = (rendering) => evaluateOutput(output, rendering, where);
    return text;
  };
}

/** Text that is known only when a run renders it. */
function renderUncompiledText(source: string, scope: RenderScope, strictVariables: boolean): string {
  let templates: Template[];
  try {
    templates = parseTemplate(source).templates;
  } catch (error) {
    throw new RenderError(formatLiquidError(error), { cause: error });
  }
  return renderTemplates(templates, scope, null, { strictVariables });
}

/** Renders text that is no part of a workflow's templates: a condition's argument. */
export function renderText(source: string, scope: RenderScope): string {
  return renderUncompiledText(source, scope, false);
}

/** The same, where a property that does not exist is an error, unless `default` stands for it (EQ-51). */
export function renderStrictText(source: string, scope: RenderScope): string {
  return renderUncompiledText(source, scope, true);
}

/** A template's parts, for what analyzes them. */
export type ParsedText = readonly Template[];

/** Parses a text for analysis. Null for text that does not parse: that is reported elsewhere. */
export function parseText(source: string): ParsedText | null {
  try {
    return parseTemplate(source).templates;
  } catch {
    return null;
  }
}
