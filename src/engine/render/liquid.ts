import { Context, Liquid, type Template, toValueSync } from "liquidjs";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { hintFor, plainMessage, positionOf, UnknownFilter } from "./liquid-errors.js";
import { printed, registerFilters } from "./liquid-filters.js";
import { LIMITS, LimitedEmitter } from "./liquid-limits.js";
import { SERVICES, servicesIn } from "./render-services.js";
import { registerTranslate } from "./translate.js";

/** What templates see: variable name → value (section 2 of the templates catalogue). */
export type RenderScope = Record<string, unknown>;

/** A parsed template. Throws {@link RenderError} when rendering fails. */
export type Text = (scope: RenderScope) => string;

/** Parses a template; `place` names it in errors, such as `steps[2].template.subject`. */
export type CompileText = (source: string, place: string) => Text;

/** A template that could not be rendered for the data at hand (E-192). */
export class RenderError extends Error {
  override readonly name = "RenderError";
}

/** Set while a template is parsed: the filters in it that nobody knows. */
let unknownFilters: string[] | null = null;
/** Set while a template with an unknown filter is parsed again, to learn where it is. */
let refusesUnknown = false;

/** A filter that nobody knows fails when it is used, in text that is known only then (TQ-3). */
function failingOnUnknown(filters: Liquid["filters"]): Liquid["filters"] {
  return new Proxy(filters, {
    get: (known, name) => {
      if (Object.hasOwn(known, name)) return known[name as string];
      const fault = new UnknownFilter(String(name));
      if (refusesUnknown) throw fault;
      unknownFilters?.push(fault.filter);
      return () => {
        throw fault;
      };
    },
  });
}

function createLiquid(): Liquid {
  const liquid = new Liquid({
    ownPropertyOnly: true,
    // Without a locale liquidjs asks Intl for the machine's: 12 ms at start, and output that depends on the machine.
    locale: "en",
    timezoneOffset: 0,
    templates: {},
    // Where variables are strict, `default` and conditions still take what is missing.
    lenientIf: true,
    outputEscape: printed as (value: unknown) => string,
    ...LIMITS,
  });
  for (const tag of ["layout", "block"]) delete liquid.tags[tag];
  liquid.registerTag("include", {
    parse: () => {
      throw new Error('the "include" tag is not supported; use "render" for partials');
    },
    render: () => "",
  });
  registerFilters(liquid);
  registerTranslate(liquid, (source) => parse(source).templates);
  Object.assign(liquid, { filters: failingOnUnknown(liquid.filters) });
  return liquid;
}

let shared: Liquid | undefined;
interface Parsed {
  templates: Template[];
  unknownFilters: string[];
}
const parsed = new Map<string, Parsed>();

function parse(source: string): Parsed {
  shared ??= createLiquid();
  let found = parsed.get(source);
  if (found === undefined) {
    const outer = unknownFilters;
    unknownFilters = [];
    try {
      found = { templates: shared.parse(source), unknownFilters };
    } finally {
      unknownFilters = outer;
    }
    // Conditions and overrides of many versions may come by in a long-lived process.
    if (parsed.size >= 5_000) parsed.clear();
    parsed.set(source, found);
  }
  return found;
}

/** The same, where an unknown filter is a fault of the template. */
function parseStrictly(source: string): Template[] {
  const { templates, unknownFilters: unknown } = parse(source);
  if (unknown.length === 0) return templates;
  refusesUnknown = true;
  try {
    return (shared as Liquid).parse(source);
  } finally {
    refusesUnknown = false;
  }
}

/** Renders with the services that the scope carries. Throws {@link RenderError}, or what they need to be told first. */
function execute(templates: Template[], scope: RenderScope, where: string | null, strictVariables = false): string {
  const liquid = shared as Liquid;
  const services = servicesIn(scope);
  const options = { sync: true, strictVariables, globals: { [SERVICES]: services } };
  const emitter = new LimitedEmitter();
  try {
    toValueSync(
      liquid.renderer.renderTemplates(templates, new Context(scope, liquid.options, options, { liquid }), emitter),
    );
  } catch (error) {
    services?.settle(); // what is not read yet may be why
    const position = positionOf(error);
    const place =
      where === null ? "" : `${where}${position ? `, line ${position.line}, column ${position.column}` : ""}: `;
    throw new RenderError(place + plainMessage(error), { cause: error });
  }
  services?.settle();
  return emitter.buffer;
}

/**
 * Compiles Liquid text for a workflow. A syntax error or an unknown filter throws `template_invalid` with the place, the
 * file if `fileOf` knows one, line and column.
 */
export function compilerFor(
  workflow: string,
  fileOf: (pointer: string) => string | undefined = () => undefined,
): CompileText {
  return (source, place) => {
    if (!source.includes("{{") && !source.includes("{%")) return () => source;
    const pointer = `/${place.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
    const file = fileOf(pointer);
    const where = file === undefined ? place : `${place} (${file})`;
    let templates: Template[];
    try {
      templates = parseStrictly(source);
    } catch (error) {
      const position = positionOf(error);
      const at = position ? `${where}, line ${position.line}, column ${position.column}` : where;
      const detail: ErrorDetail = { pointer, message: plainMessage(error) };
      throw new KnockError("template_invalid", `workflow "${workflow}": ${at}: ${plainMessage(error)}`, {
        details: [detail],
        hint: hintFor(error, shared as Liquid) ?? "Mend the template; nothing was triggered.",
        cause: error,
      });
    }
    return (scope) => execute(templates, scope, where);
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
  return execute(templates, scope, null, strictVariables);
}

/** Renders text that is no part of a workflow's templates: a condition's argument. */
export function renderText(source: string, scope: RenderScope): string {
  return renderNow(source, scope, false);
}

/** The same, where a property that does not exist is an error, unless `default` stands for it (EQ-51). */
export function renderStrictText(source: string, scope: RenderScope): string {
  return renderNow(source, scope, true);
}
