import { Context, type LiquidError, Output, type Template, Tokenizer, toValue, toValueSync, Value } from "liquidjs";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { type Holder, SERVICES, servicesIn } from "./filters/render-services.js";
import { liquid, parse, parseStrictly } from "./liquid-engine.js";
import { hintFor, type Position, plainMessage, positionOf } from "./liquid-errors.js";
import { LimitedEmitter } from "./liquid-limits.js";
import {
  NO_PARTIALS,
  type ParsedPartial,
  type Partials,
  parsePartial,
  partialGlobals,
  renderPartial,
} from "./partials.js";
import { RenderError } from "./render-error.js";
import { unclosedOutput } from "./unclosed-output.js";

export { RenderError };

/** What templates see: variable name → value (section 2 of the templates catalogue). */
export type RenderScope = Record<string, unknown>;

/** A scope in which several texts are rendered: what one assigns, the next sees (T-123). */
export type Rendering = Context;

/** A parsed template. Throws {@link RenderError} when rendering fails. */
export interface Text {
  (scope: RenderScope | Rendering): string;
  /** Returns the value itself instead of its text, where the template is one output and nothing else. */
  value?(rendering: Rendering): unknown;
}

/** Parses a template; `place` names it in errors, such as `steps[2].template.subject`. */
export type CompileText = (source: string, place: string) => Text;

/** How errors name a text: by its place in a resource, or by the file that it stands in, where an editor finds it. */
type Where = string | { file: string };

function placed(where: Where, position: Position | null): string {
  if (typeof where === "object") return position ? `${where.file}:${position.line}:${position.column}` : where.file;
  return position ? `${where}, line ${position.line}, column ${position.column}` : where;
}

/** Where and what, unless what failed is a text of its own within this one and tells it. */
function renderFault(error: unknown, where: Where | null): RenderError {
  if (error instanceof RenderError) return error;
  const { originalError } = error as Partial<LiquidError>;
  if (originalError instanceof RenderError) return originalError;
  const place = where === null ? "" : `${placed(where, positionOf(error))}: `;
  return new RenderError(place + plainMessage(error), { cause: error });
}

function contextOf(scope: RenderScope, globals: object, strictVariables: boolean): Context {
  const one = liquid();
  const own: Holder = Object.assign({}, globals); // a literal that spreads them would take longer than the rest
  own[SERVICES] = servicesIn(scope);
  const options = { sync: true, strictVariables, globals: own };
  return new Context(scope, one.options, options, { liquid: one });
}

/** Returns the expression of the only output in a template with nothing but white space around it; null if there is more. */
function singleOutput(templates: readonly Template[]): Value | null {
  const parts = templates.filter((part) => part.token.getText().trim() !== "");
  const [only] = parts;
  if (parts.length !== 1 || !(only instanceof Output)) return null;
  const { input, file, contentRange } = only.token as ConstructorParameters<typeof Output>[0];
  // An output's own expression ends with the filter that makes text of it.
  const tokenizer = new Tokenizer(input, undefined, file, contentRange);
  return new Value(tokenizer.readFilteredValue(), liquid());
}

/** Returns the value of an expression, as `render` tags pass it. Throws like {@link execute}. */
function evaluate(value: Value, rendering: Rendering, where: Where): unknown {
  const services = servicesIn(rendering.globals);
  let found: unknown;
  try {
    found = toValue(toValueSync(value.value(rendering)));
  } catch (error) {
    services?.settle();
    throw renderFault(error, where);
  }
  services?.settle();
  return found;
}

/** Renders with the services that the scope carries. Throws {@link RenderError}, or what they need to be told first. */
function execute(
  templates: Template[],
  scope: RenderScope | Rendering,
  where: Where | null,
  { globals = {}, strictVariables = false }: { globals?: object; strictVariables?: boolean } = {},
): string {
  const context = scope instanceof Context ? scope : contextOf(scope, globals, strictVariables);
  const services = servicesIn(context.globals);
  const emitter = new LimitedEmitter();
  try {
    toValueSync(liquid().renderer.renderTemplates(templates, context, emitter));
  } catch (error) {
    services?.settle(); // what is not read yet may be why
    throw renderFault(error, where);
  }
  services?.settle();
  return emitter.buffer;
}

/** Begins to render texts that belong together. With `styles`, those of partials are gathered there (T-107). */
export function openRendering(
  scope: RenderScope,
  partials: Partials = NO_PARTIALS,
  styles: Set<string> | null = null,
): Rendering {
  return contextOf(scope, partialGlobals(partials, styles), false);
}

/** A partial as a visual block names it. Throws {@link RenderError}, or what its filters need to be told first. */
export function renderPartialBlock(
  key: string,
  inputs: Record<string, unknown>,
  rendering: Rendering,
  place: string,
): string {
  const services = servicesIn(rendering.globals);
  let text: string;
  try {
    text = renderPartial(key, inputs, rendering, liquid());
  } catch (error) {
    services?.settle();
    throw renderFault(error, place);
  }
  services?.settle();
  return text;
}

/** Parses a partial. A syntax error throws `template_invalid` that names its file. */
export function compilePartial(partial: TemplatePartial): ParsedPartial {
  return parsePartial(partial, (source) => parseAt(source, `partials/${partial.key}`, "content", "content"));
}

/** `place` leads to the text in what `owner` says. */
function parseAt(source: string, owner: string, place: string, where: Where): Template[] {
  const refused = (position: Position | null, message: string, cause?: unknown): KnockError => {
    const at = typeof where === "object" ? placed(where, position) : `${owner}: ${placed(where, position)}`;
    const detail: ErrorDetail = { pointer: pointerTo(place), message };
    const hint =
      (cause === undefined ? undefined : hintFor(cause, liquid())) ??
      "Fix the template above and run the command again. Nothing was triggered.";
    return new KnockError("template_invalid", `${at}: ${message}`, { details: [detail], hint, cause });
  };
  const unclosed = unclosedOutput(source);
  if (unclosed !== null) throw refused(unclosed, 'output is not closed: its "}}" is missing');
  try {
    return parseStrictly(source);
  } catch (error) {
    throw refused(positionOf(error), plainMessage(error), error);
  }
}

/** `steps[2].template.subject` → `/steps/2/template/subject`. */
export function pointerTo(place: string): string {
  return `/${place.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
}

interface CompilerOptions {
  partials?: Partials;
  /** How errors name what the texts belong to, such as a step. */
  owner?: string | (() => string);
  /** The file that a text stands in, by its pointer. */
  fileOf?: (pointer: string) => string | undefined;
}

/**
 * Compiles Liquid text for a workflow, or for what `owner` says. A syntax error or an unknown filter throws
 * `template_invalid` with the place, the file if one is known, line and column.
 */
export function compilerFor(workflow: string, options: CompilerOptions = {}): CompileText {
  const { partials = NO_PARTIALS, owner = `workflow "${workflow}"`, fileOf } = options;
  const globals = partialGlobals(partials, null);
  return (source, place) => {
    if (!source.includes("{{") && !source.includes("{%")) return () => source;
    const file = fileOf?.(pointerTo(place));
    const where = file === undefined ? place : { file };
    const templates = parseAt(source, typeof owner === "string" ? owner : owner(), place, where);
    const text: Text = (scope) => execute(templates, scope, where, { globals });
    const output = singleOutput(templates);
    if (output !== null) text.value = (rendering) => evaluate(output, rendering, where);
    return text;
  };
}

/** Text that is known only when a run renders it. */
function renderNow(source: string, scope: RenderScope, strictVariables: boolean): string {
  let templates: Template[];
  try {
    templates = parse(source).templates;
  } catch (error) {
    throw new RenderError(plainMessage(error), { cause: error });
  }
  return execute(templates, scope, null, { strictVariables });
}

/** Renders text that is no part of a workflow's templates: a condition's argument. */
export function renderText(source: string, scope: RenderScope): string {
  return renderNow(source, scope, false);
}

/** The same, where a property that does not exist is an error, unless `default` stands for it (EQ-51). */
export function renderStrictText(source: string, scope: RenderScope): string {
  return renderNow(source, scope, true);
}

/** A template's parts, for what analyzes them. */
export type ParsedText = readonly Template[];

/** Parses a text for analysis. Null for text that does not parse: that is reported elsewhere. */
export function parsedText(source: string): ParsedText | null {
  try {
    return parse(source).templates;
  } catch {
    return null;
  }
}
