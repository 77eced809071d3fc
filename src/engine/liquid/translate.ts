import {
  Context,
  type Emitter,
  type Liquid,
  type Parser,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
  TypeGuards,
  toValue,
} from "liquidjs";
import type { Translation } from "../../domain/template/translation.js";
import { type FilterThis, findContextServices, type RenderServices } from "./filters/render-services.js";
import { findErrorPosition, formatLiquidError } from "./liquid-errors.js";
import { renderLimited } from "./liquid-limits.js";

/** Limits how deeply translations use each other, so that one that uses itself ends with an error. */
const MAX_TRANSLATION_DEPTH = 5;
type TagClass = Exclude<Parameters<Liquid["registerTag"]>[1], { render: unknown }>;
/** How deeply translations use each other, by the memory limit of their rendering, which all its contexts share. */
const depths = new WeakMap<object, number>();

/** Parses the text of a translation as a template. */
type Parse = (source: string) => Template[];

/** Calls `render`. Errors get the translation's key and file. Throws if translations are nested too deeply. */
function renderTranslation<T>({ file, key }: Translation, { memoryLimit }: Context, render: () => T): T {
  const depth = depths.get(memoryLimit) ?? 0;
  if (depth >= MAX_TRANSLATION_DEPTH)
    throw new Error(
      `translation "${key}" (${file}): translations use each other more than ${MAX_TRANSLATION_DEPTH} deep`,
    );
  depths.set(memoryLimit, depth + 1);
  try {
    return render();
  } catch (error) {
    const message = formatLiquidError(error);
    if (message.startsWith("translation ")) throw new Error(message, { cause: error });
    const position = findErrorPosition(error);
    const at = position === null ? "" : `, line ${position.line}, column ${position.column}`;
    throw new Error(`translation "${key}" (${file})${at}: ${message}`, { cause: error });
  } finally {
    depths.set(memoryLimit, depth);
  }
}

/** Returns the arguments written as `name: value`, which liquidjs passes as pairs. */
function collectNamedArguments(args: readonly unknown[]): Map<string, unknown> {
  return new Map(
    args.filter(
      (arg): arg is [string, unknown] => Array.isArray(arg) && arg.length === 2 && typeof arg[0] === "string",
    ),
  );
}

function parseCount(values: ReadonlyMap<string, unknown>): number | null {
  if (!values.has("count")) return null;
  const count: unknown = toValue(values.get("count"));
  // NaN is neither 0 nor 1, so the plural form `other` is used.
  return typeof count === "number" || (typeof count === "string" && count.trim() !== "") ? Number(count) : Number.NaN;
}

/** Returns whether the next filter in the template is `default`, which means that a missing translation is expected. */
function hasDefault({ token }: FilterThis): boolean {
  return /^\s*\|\s*default\b/.test(token.input.slice(token.end, token.end + 40));
}

function warnMissingTranslation(key: string, services: RenderServices): void {
  const { audience } = services;
  const locale = audience.locale ?? audience.defaultLocale;
  services.warn(`there is no translation "${key}" for the locale ${locale}`);
}

/** Renders a translated text. Its only variables are the named arguments. Null without a translation (T-181). */
function translateKey(filter: FilterThis, parse: Parse, key: unknown, args: readonly unknown[]): string | null {
  const services = findContextServices(filter.context);
  const translations = services?.getTranslations();
  if (!services || !translations) return null;
  if (typeof key !== "string") return null;
  const values = collectNamedArguments(args);
  const found = translations.find(key, parseCount(values), services.audience);
  if (found === null) {
    if (!hasDefault(filter)) warnMissingTranslation(key, services);
    return null;
  }
  if (!found.text.includes("{")) return found.text;
  const { context, liquid } = filter;
  return renderTranslation(found, context, () => {
    const { memoryLimit, renderLimit, globals } = context;
    const scope = new Context(
      Object.fromEntries(values),
      liquid.options,
      { sync: true, globals },
      { memoryLimit, renderLimit, liquid },
    );
    return renderLimited(liquid, parse(found.text), scope);
  });
}

/** Removes the tokens up to the end tag from `remaining`. Returns them and the text that they were read from. */
function readUntilEnd(tag: TagToken, remaining: TopLevelToken[]): { text: string; tokens: TopLevelToken[] } {
  const tokens: TopLevelToken[] = [];
  for (let token = remaining.shift(); token !== undefined; token = remaining.shift()) {
    if (TypeGuards.isTagToken(token) && token.name === "endt")
      return { text: tag.input.slice(tag.end, token.begin), tokens };
    tokens.push(token);
  }
  throw new Error(`tag ${tag.getText()} not closed`);
}

/** Creates the tag `{% t %}`. It renders a translation in the scope of the template, or its own text without one (T-187). */
function createTranslateTag(parseText: Parse): TagClass {
  return class extends Tag {
    private readonly text: string;
    private readonly fallbackTemplates: Template[];

    constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, remaining, liquid);
      if (token.args.trim() !== "") throw new Error('the "t" tag takes no arguments; the filter "t" does');
      const { text, tokens } = readUntilEnd(token, remaining);
      this.text = text;
      this.fallbackTemplates = parser.parseTokens(tokens);
    }

    *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      const text = this.translate(context);
      if (text !== null) emitter.write(text);
      else yield this.liquid.renderer.renderTemplates(this.fallbackTemplates, context, emitter);
    }

    /** Renders the translation. Null without one. */
    translate(context: Context): string | null {
      const found = this.find(findContextServices(context));
      if (found === null) return null;
      return renderTranslation(found, context, () => renderLimited(this.liquid, parseText(found.text), context));
    }

    *children(): Generator<unknown, Template[]> {
      yield* [];
      return this.fallbackTemplates;
    }

    /** Finds the translation of the text as written, then of the text without the white space around it. */
    private find(services: RenderServices | undefined): Translation | null {
      const translations = services?.getTranslations();
      if (!services || !translations) return null;
      const { audience } = services;
      return translations.findText(this.text, audience) ?? translations.findText(this.text.trim(), audience);
    }
  };
}

/** Registers the filter `t` and the tag `{% t %}` (section 11 of the catalog, T-181 to T-187). */
export function registerTranslate(liquid: Liquid, parse: Parse): void {
  liquid.registerFilter("t", function (this: FilterThis, key: unknown, ...args: unknown[]) {
    return translateKey(this, parse, key, args);
  });
  liquid.registerTag("t", createTranslateTag(parse));
}
