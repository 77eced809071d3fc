import { Context, type Template, toValue, toValueSync, type Value } from "liquidjs";
import { type Compiled, compileTemplates, compileValue } from "./compile/compile-templates.js";
import { Frame, getScopes } from "./compile/frame.js";
import { UnsupportedTemplateError } from "./compile/generation.js";
import type { ValueNode } from "./compile/parse-tree.js";
import { createRuntime, type Runtime, renderClock } from "./compile/runtime.js";
import { findServices, RENDER_SERVICES, type ServicesCarrier } from "./filters/render-services.js";
import { getLiquid } from "./liquid-engine.js";
import { MAX_OUTPUT_CHARACTERS, renderLimited, throwOutputOverflow } from "./liquid-limits.js";
import { getLiquidMode, type LiquidMode } from "./liquid-mode.js";
import { renderPartial } from "./partials.js";

/**
 * The rendering of a template before which it is compiled. In a process that has just started, compiling takes as long as
 * about eight renderings: `knock notify` takes 2 ms more CPU time if it compiles for three recipients, the same for eight, and
 * 4 ms less for thirty.
 */
const COMPILED_RENDERING = 8;

interface Compilation {
  renderings: number;
  /** Undefined until the template is compiled, null if liquidjs has to render it. */
  compiled: Compiled<unknown> | null | undefined;
}

/** Compilations by parsed template or expression. Parsed templates are cached by their source. */
const compilations = new WeakMap<object, Compilation>();

let sharedRuntime: Runtime | undefined;
/** Whether Node.js was started with `--disallow-code-generation-from-strings`. */
let isCodeForbidden = false;

function getRuntime(): Runtime {
  sharedRuntime ??= createRuntime({ liquid: getLiquid(), throwOverflow: throwOutputOverflow, renderPartial });
  return sharedRuntime;
}

function tryCompile<T>(compile: (runtime: Runtime) => Compiled<T>): Compiled<T> | null {
  try {
    return compile(getRuntime());
  } catch (error) {
    if (error instanceof EvalError) isCodeForbidden = true;
    // V8 reports a template that is nested too deeply for its parser as a RangeError.
    else if (!(error instanceof UnsupportedTemplateError || error instanceof RangeError)) throw error;
    return null;
  }
}

/** Returns whether templates can be compiled. Otherwise liquidjs renders them in any mode. */
export function canCompile(templates: readonly Template[]): boolean {
  return tryCompile((runtime) => compileTemplates(templates, runtime)) !== null;
}

/** Returns the compiled form of a template or expression. Null if liquidjs has to render it, or renders it this time. */
function findCompiled<T>(
  parsed: object,
  mode: LiquidMode,
  compile: (runtime: Runtime) => Compiled<T>,
): Compiled<T> | null {
  if (mode === "interpret" || isCodeForbidden) return null;
  let compilation = compilations.get(parsed);
  if (compilation === undefined) {
    compilation = { renderings: 0, compiled: undefined };
    compilations.set(parsed, compilation);
  }
  if (compilation.compiled === undefined) {
    if (++compilation.renderings < COMPILED_RENDERING && mode !== "compile") return null;
    compilation.compiled = tryCompile(compile);
  }
  return compilation.compiled as Compiled<T> | null;
}

const findCompiledTemplates = (templates: readonly Template[], mode: LiquidMode): Compiled<string> | null =>
  findCompiled(templates, mode, (runtime) => compileTemplates(templates, runtime));

export function createContext(scope: object, globals: object, strictVariables: boolean): Context {
  const engine = getLiquid();
  const carrier: ServicesCarrier = Object.assign({}, globals); // a spread in a literal takes longer than the rest
  carrier[RENDER_SERVICES] = findServices(scope);
  const options = { sync: true, strictVariables, globals: carrier };
  return new Context(scope, engine.options, options, { liquid: engine });
}

/** Returns whether generated code can render in a context. It has no variables of loops, and is not ended by a `break`. */
const isOrdinary = (context: Context): boolean =>
  getScopes(context).length === 1 && !context.breakCalled && !context.continueCalled && !context.strictVariables;

const interpret = (templates: readonly Template[], context: Context): string =>
  renderLimited(getLiquid(), templates, context);

/** Renders templates in a context whose variables other texts share. Throws the errors of liquidjs. */
export function renderInContext(templates: readonly Template[], context: Context, mode: LiquidMode): string {
  const compiled = isOrdinary(context) ? findCompiledTemplates(templates, mode) : null;
  if (compiled === null) return interpret(templates, context);
  context.renderLimit.check(renderClock.now());
  return compiled(Frame.forContext(context, MAX_OUTPUT_CHARACTERS));
}

/** Renders the templates of a partial. */
export function renderPartialTemplates(templates: readonly Template[], context: Context): string {
  const compiled = isOrdinary(context) ? findCompiledTemplates(templates, getLiquidMode()) : null;
  if (compiled !== null) {
    context.renderLimit.check(renderClock.now());
    return compiled(Frame.forContext(context, MAX_OUTPUT_CHARACTERS));
  }
  return interpret(templates, context);
}

/** Renders templates with variables that no other text shares. Throws the errors of liquidjs. */
export function renderInScope(
  templates: readonly Template[],
  scope: Record<string, unknown>,
  { globals, strictVariables, mode }: { globals: object; strictVariables: boolean; mode: LiquidMode },
): string {
  const compiled = strictVariables ? null : findCompiledTemplates(templates, mode);
  if (compiled === null) return interpret(templates, createContext(scope, globals, strictVariables));
  return compiled(Frame.forScope(scope, MAX_OUTPUT_CHARACTERS, (own) => createContext(own, globals, false)));
}

/** Returns the value of an expression in a context whose variables other texts share. Throws the errors of liquidjs. */
export function evaluateInContext(value: Value, context: Context, mode: LiquidMode): unknown {
  const compiled = isOrdinary(context)
    ? findCompiled(value, mode, (runtime) => compileValue(value as unknown as ValueNode, runtime))
    : null;
  const found =
    compiled === null ? toValueSync(value.value(context)) : compiled(Frame.forContext(context, MAX_OUTPUT_CHARACTERS));
  return toValue(found);
}
