import { Context, Drop, Liquid, Parser, type Template, type TopLevelToken } from "liquidjs";
import { SizedCache } from "../../util/sized-cache.js";
import { checkTemplates } from "./check-templates.js";
import { printOutput, registerFilters } from "./filters/liquid-filters.js";
import { UnknownFilterError } from "./liquid-errors.js";
import { LIQUID_LIMITS } from "./liquid-limits.js";
import { RenderPartialTag } from "./partials.js";
import { blankText, replaceUnreadBlocks } from "./replace-unread-blocks.js";
import { DocTag, IfChangedTag, LimitedCaptureTag, NestedCommentTag } from "./tags/block-tags.js";
import { StandardCaseTag } from "./tags/case-tag.js";
import { StandardCycleTag, StandardForTag, StandardTablerowTag } from "./tags/loop-tags.js";
import { OPERATORS } from "./tags/operators.js";
import { registerTranslate } from "./translate.js";

/** The properties of `forloop` and `tablerowloop`. The other objects of liquidjs, such as `blank`, have none. */
const LOOP_PROPERTIES: ReadonlySet<unknown> = new Set([
  ...["index", "index0", "rindex", "rindex0", "first", "last", "length", "name", "parentloop"],
  ...["row", "col", "col0", "col_first", "col_last"],
]);

/**
 * Limits what templates read of the objects of liquidjs, whose inherited members it also reads, such as `constructor` and
 * `hasOwnProperty`, and calls if they are functions.
 */
function restrictDrops(): void {
  const { readProperty } = Context.prototype;
  Context.prototype.readProperty = function (value, key) {
    if (value instanceof Drop && !LOOP_PROPERTIES.has(key)) return undefined;
    return readProperty.call(this, value, key);
  };
}

/** The unknown filters of the template that is being parsed. Null while none is parsed. */
let unknownFilters: string[] | null = null;
/** Whether a template with an unknown filter is being parsed again, so that the parser reports the filter's position. */
let rejectsUnknownFilters = false;

/** Returns filters in which an unknown one throws only when it is used, for text that is first parsed during a run (TQ-3). */
function createFilterProxy(filters: Liquid["filters"]): Liquid["filters"] {
  return new Proxy(filters, {
    get: (known, name) => {
      if (typeof name === "string" && Object.hasOwn(known, name)) return known[name];
      const error = new UnknownFilterError(String(name));
      if (rejectsUnknownFilters) throw error;
      unknownFilters?.push(error.filter);
      return () => {
        throw error;
      };
    },
  });
}

/** Tags that liquidjs lacks, implements differently from standard Liquid (T-001) or does not limit. */
const STANDARD_TAGS = {
  capture: LimitedCaptureTag,
  case: StandardCaseTag,
  comment: NestedCommentTag,
  cycle: StandardCycleTag,
  doc: DocTag,
  for: StandardForTag,
  ifchanged: IfChangedTag,
  tablerow: StandardTablerowTag,
};

/**
 * Rewrites two constructs that liquidjs misreads, without moving the text after them. The text of `doc` tags is blanked,
 * because liquidjs would parse it. White space that `{% raw -%}` and `{%- endraw %}` remove is moved into the tags, because
 * liquidjs does not know `{%- endraw %}`.
 */
function normalizeSource(source: string): string {
  if (!source.includes("enddoc") && !source.includes("endraw")) return source;
  return replaceUnreadBlocks(source, ({ tag, opening, text, closing }) => {
    if (tag === "doc") return opening + blankText(text) + closing;
    if (tag === "comment") return opening + text + closing;
    const before = opening.endsWith("-%}") ? (/^\s*/.exec(text)?.[0] ?? "") : "";
    const rest = text.slice(before.length);
    const inner = closing.startsWith("{%-") ? rest.trimEnd() : rest;
    const after = rest.slice(inner.length);
    const end = closing.startsWith("{%-") ? `{% ${after}${closing.slice(3)}` : closing;
    return opening.replace(/-?%\}$/, (end) => before + end) + inner + end;
  });
}

/** Tokens from which liquidjs takes the first, again and again. Moving all others each time would take quadratic time. */
const MAX_MOVED_TOKENS = 1_000;

/** A parser whose list of tokens is refilled when it is empty, so that it is never long. */
class LinearParser extends Parser {
  override parseTokens(tokens: TopLevelToken[]): Template[] {
    const next = tokens.slice(0, MAX_MOVED_TOKENS);
    let read = next.length;
    const takeFirst = next.shift.bind(next);
    next.shift = (): TopLevelToken | undefined => {
      const first = takeFirst();
      if (next.length === 0) {
        next.push(...tokens.slice(read, read + MAX_MOVED_TOKENS));
        read += MAX_MOVED_TOKENS;
      }
      return first;
    };
    return super.parseTokens(next);
  }
}

/** Parses a template and checks it for mistakes that liquidjs ignores. */
function parseChecked(source: string): Template[] {
  const templates = new LinearParser(getLiquid()).parse(normalizeSource(source));
  checkTemplates(templates);
  return templates;
}

function createLiquid(): Liquid {
  const liquidEngine = new Liquid({
    ownPropertyOnly: true,
    // Without a locale, liquidjs asks Intl for the local one. That takes 12 ms at start, and the output would depend on it.
    locale: "en",
    timezoneOffset: 0,
    templates: {},
    // With strict variables, `default` and conditions must still accept missing ones.
    lenientIf: true,
    operators: OPERATORS,
    outputEscape: printOutput as unknown as (value: unknown) => string,
    ...LIQUID_LIMITS,
  });
  restrictDrops();
  for (const tag of ["layout", "block"]) delete liquidEngine.tags[tag];
  liquidEngine.registerTag("include", {
    parse: () => {
      throw new Error('the "include" tag is not supported; use "render" for partials');
    },
    render: () => "",
  });
  liquidEngine.registerTag("render", RenderPartialTag);
  for (const [name, tag] of Object.entries(STANDARD_TAGS)) liquidEngine.registerTag(name, tag);
  registerFilters(liquidEngine);
  registerTranslate(liquidEngine, (source) => parseTemplate(source).templates);
  Object.assign(liquidEngine, { filters: createFilterProxy(liquidEngine.filters) });
  return liquidEngine;
}

let sharedLiquid: Liquid | undefined;

/** Returns the one Liquid engine, created when first used. */
export function getLiquid(): Liquid {
  sharedLiquid ??= createLiquid();
  return sharedLiquid;
}

interface ParsedSource {
  templates: Template[];
  unknownFilters: string[];
}
/** The memory of a parsed template for each character of its source. */
const BYTES_PER_CHARACTER = 20;
/** A long-lived process can see the conditions and overrides of many versions. */
const parsedSources = new SizedCache<ParsedSource>(100_000_000);

/** Parses a template, or returns the cached result. An unknown filter in it throws only when it is used. */
export function parseTemplate(source: string): ParsedSource {
  let found = parsedSources.get(source);
  if (found === undefined) {
    const outer = unknownFilters;
    unknownFilters = [];
    try {
      found = { templates: parseChecked(source), unknownFilters };
    } finally {
      unknownFilters = outer;
    }
    parsedSources.set(source, found, BYTES_PER_CHARACTER * source.length);
  }
  return found;
}

/** Parses a template again. Its parts can be changed, because no other text uses them. */
export const parseOwn = (source: string): Template[] => parseChecked(source);

/** Parses a template. Throws a `ParseError` for an unknown filter. */
export function parseStrictly(source: string): Template[] {
  const { templates, unknownFilters: unknown } = parseTemplate(source);
  if (unknown.length === 0) return templates;
  rejectsUnknownFilters = true;
  try {
    return parseChecked(source);
  } finally {
    rejectsUnknownFilters = false;
  }
}
