import { Liquid, type Template } from "liquidjs";
import { printed, registerFilters } from "./filters/liquid-filters.js";
import { UnknownFilter } from "./liquid-errors.js";
import { LIMITS } from "./liquid-limits.js";
import { RenderPartialTag } from "./partials.js";
import { registerTranslate } from "./translate.js";

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
  const made = new Liquid({
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
  for (const tag of ["layout", "block"]) delete made.tags[tag];
  made.registerTag("include", {
    parse: () => {
      throw new Error('the "include" tag is not supported; use "render" for partials');
    },
    render: () => "",
  });
  made.registerTag("render", RenderPartialTag);
  registerFilters(made);
  registerTranslate(made, (source) => parse(source).templates);
  Object.assign(made, { filters: failingOnUnknown(made.filters) });
  return made;
}

let shared: Liquid | undefined;

/** Returns the one Liquid engine, created when first used. */
export function liquid(): Liquid {
  shared ??= createLiquid();
  return shared;
}

interface Parsed {
  templates: Template[];
  unknownFilters: string[];
}
const parsed = new Map<string, Parsed>();

/** Parses a template once. An unknown filter in it fails only when it is used. */
export function parse(source: string): Parsed {
  let found = parsed.get(source);
  if (found === undefined) {
    const outer = unknownFilters;
    unknownFilters = [];
    try {
      found = { templates: liquid().parse(source), unknownFilters };
    } finally {
      unknownFilters = outer;
    }
    // Conditions and overrides of many versions may come by in a long-lived process.
    if (parsed.size >= 5_000) parsed.clear();
    parsed.set(source, found);
  }
  return found;
}

/** Parses a template in which an unknown filter is a syntax error. */
export function parseStrictly(source: string): Template[] {
  const { templates, unknownFilters: unknown } = parse(source);
  if (unknown.length === 0) return templates;
  refusesUnknown = true;
  try {
    return liquid().parse(source);
  } finally {
    refusesUnknown = false;
  }
}
