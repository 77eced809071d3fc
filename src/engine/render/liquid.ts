import { getBuiltinModule } from "node:process";
import { Context, Liquid, type LiquidError, type Template, toValue } from "liquidjs";
import type { TemplatePartial } from "../../domain/template-partial.js";
import { type ErrorDetail, KnockError, messageOf } from "../../errors/knock-error.js";
import {
  NO_PARTIALS,
  type ParsedPartial,
  type Partials,
  parsePartial,
  partialGlobals,
  RenderPartialTag,
  renderPartial,
} from "./partials.js";
import { RenderError } from "./render-error.js";

export { RenderError };

/** What templates see: variable name → value (section 2 of the templates catalogue). */
export type RenderScope = Record<string, unknown>;

/** Several texts rendered one after another: what one assigns, the next ones see (T-123). */
export type Rendering = Context;

/** A parsed template. Throws {@link RenderError} when rendering fails. */
export type Text = (scope: RenderScope | Rendering) => string;

/** Parses a template; `place` names it in errors, such as `steps[2].template.subject`. */
export type CompileText = (source: string, place: string) => Text;

/** One template may take this long and hold this many items: a runaway loop must not hang a run (`renderLimit` in ms). */
const LIMITS = { renderLimit: 2_000, memoryLimit: 20_000_000, parseLimit: 10_000_000 };

/** A filter that nobody knows fails when it is used, not when the file is read (TQ-3). */
function failingOnUnknown(filters: Liquid["filters"]): Liquid["filters"] {
  return new Proxy(filters, {
    get: (known, name) =>
      Object.hasOwn(known, name)
        ? known[name as string]
        : () => {
            throw new Error(`unknown filter: ${String(name)}`);
          },
  });
}

/** How a value prints: maps as JSON (TQ-4); what liquidjs wraps, such as `nil`, as what it stands for. */
function printed(value: unknown): string {
  const plain: unknown = toValue(value);
  return (
    typeof plain === "object" && plain !== null && !Array.isArray(plain) ? JSON.stringify(plain) : plain
  ) as string;
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
    outputEscape: printed,
    ...LIMITS,
  });
  for (const tag of ["layout", "block"]) delete liquid.tags[tag];
  liquid.registerTag("include", {
    parse: () => {
      throw new Error('the "include" tag is not supported; use "render" for partials');
    },
    render: () => "",
  });
  liquid.registerTag("render", RenderPartialTag);
  registerFilters(liquid);
  Object.assign(liquid, { filters: failingOnUnknown(liquid.filters) });
  return liquid;
}

/** Filters beyond standard Liquid that need nothing but their input (T-047 to T-053). */
function registerFilters(liquid: Liquid): void {
  const crypto = () => getBuiltinModule("node:crypto"); // 4 ms to load, and few templates hash
  const hex = (algorithm: string) => (value: unknown) =>
    crypto()
      .createHash(algorithm)
      .update(String(value ?? ""))
      .digest("hex");
  liquid.registerFilter("json", (value: unknown) => JSON.stringify(toValue(value) ?? null));
  liquid.registerFilter("from_json", (value: unknown) => JSON.parse(String(value)));
  liquid.registerFilter("pluralize", (value: unknown, one: string, many: string) => (Number(value) === 1 ? one : many));
  liquid.registerFilter("titlecase", (value: unknown) =>
    String(value ?? "").replace(/(^|\s)(\S)/g, (_all, space: string, letter: string) => space + letter.toUpperCase()),
  );
  liquid.registerFilter("md5", hex("md5"));
  liquid.registerFilter("sha256", hex("sha256"));
  liquid.registerFilter("hmac_sha256", (value: unknown, key: unknown) =>
    crypto()
      .createHmac("sha256", String(key ?? ""))
      .update(String(value ?? ""))
      .digest("hex"),
  );
}

let shared: Liquid | undefined;
const parsed = new Map<string, Template[]>();

function liquid(): Liquid {
  shared ??= createLiquid();
  return shared;
}

function parse(source: string): Template[] {
  let templates = parsed.get(source);
  if (templates === undefined) {
    templates = liquid().parse(source);
    // Conditions and overrides of many versions may come by in a long-lived process.
    if (parsed.size >= 5_000) parsed.clear();
    parsed.set(source, templates);
  }
  return templates;
}

function positionOf(error: unknown): { line: number; column: number } | null {
  const token = (error as Partial<LiquidError>).token;
  if (token === undefined || typeof token.getPosition !== "function") return null;
  const [line, column] = token.getPosition() as [number, number];
  return { line, column };
}

/** liquidjs appends `, file:…, line:…, col:…` to its messages; the place is told better elsewhere. */
function plainMessage(error: unknown): string {
  return (messageOf(error).split("\n")[0] as string).replace(/(, file:[^,]*)?, line:\d+, col:\d+$/, "");
}

/** Where and what, unless what failed is a text of its own within this one and tells it. */
function renderFault(error: unknown, place: string): RenderError {
  if (error instanceof RenderError) return error;
  const { originalError } = error as Partial<LiquidError>;
  if (originalError instanceof RenderError) return originalError;
  const position = positionOf(error);
  return new RenderError(`${place}${position ? `, line ${position.line}` : ""}: ${plainMessage(error)}`, {
    cause: error,
  });
}

/** Begins to render texts that belong together. With `styles`, those of partials are gathered there (T-107). */
export function openRendering(
  scope: RenderScope,
  partials: Partials = NO_PARTIALS,
  styles: Set<string> | null = null,
): Rendering {
  const one = liquid();
  return new Context(scope, one.options, { sync: true, globals: partialGlobals(partials, styles) }, { liquid: one });
}

/** A partial as a visual block names it. Throws {@link RenderError}. */
export function renderPartialBlock(
  key: string,
  inputs: Record<string, unknown>,
  rendering: Rendering,
  place: string,
): string {
  try {
    return renderPartial(key, inputs, rendering, liquid());
  } catch (error) {
    throw renderFault(error, place);
  }
}

/** Parses a partial. A syntax error throws `template_invalid` that names its file. */
export function compilePartial(partial: TemplatePartial): ParsedPartial {
  return parsePartial(partial, (source) => parseAt(source, `partials/${partial.key}`, "content"));
}

function parseAt(source: string, owner: string, place: string): Template[] {
  try {
    return parse(source);
  } catch (error) {
    const position = positionOf(error);
    const where = position ? `${place}, line ${position.line}, column ${position.column}` : place;
    const detail: ErrorDetail = {
      pointer: `/${place.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`,
      message: plainMessage(error),
    };
    throw new KnockError("template_invalid", `${owner}: ${where}: ${plainMessage(error)}`, {
      details: [detail],
      hint: "Mend the template; nothing was triggered.",
      cause: error,
    });
  }
}

/**
 * Compiles Liquid text for a workflow, or for what `owner` says. A syntax error throws `template_invalid` with the place,
 * line and column.
 */
export function compilerFor(
  workflow: string,
  partials: Partials = NO_PARTIALS,
  owner = `workflow "${workflow}"`,
): CompileText {
  const globals = partialGlobals(partials, null);
  return (source, place) => {
    if (!source.includes("{{") && !source.includes("{%")) return () => source;
    const templates = parseAt(source, owner, place);
    return (scope) => {
      try {
        return String(liquid().renderSync(templates, scope, { globals }));
      } catch (error) {
        throw renderFault(error, place);
      }
    };
  };
}

/** Renders text that is no part of a workflow's templates: a condition's argument. */
export function renderText(source: string, scope: RenderScope): string {
  try {
    const templates = parse(source);
    return String(liquid().renderSync(templates, scope));
  } catch (error) {
    throw new RenderError(plainMessage(error), { cause: error });
  }
}

/** The same, where a property that does not exist is an error, unless `default` stands for it (EQ-51). */
export function renderStrictText(source: string, scope: RenderScope): string {
  try {
    const templates = parse(source);
    return String(liquid().renderSync(templates, scope, { strictVariables: true }));
  } catch (error) {
    throw new RenderError(plainMessage(error), { cause: error });
  }
}
