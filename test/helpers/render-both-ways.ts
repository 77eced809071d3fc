import { inspect } from "node:util";
import { parseTranslationFile } from "../../src/domain/template/parse-translation-file.js";
import { Translations } from "../../src/domain/template/translation.js";
import { NO_STORE_LOOKUPS, RunServices } from "../../src/engine/context/store-lookups.js";
import { RENDER_SERVICES } from "../../src/engine/liquid/filters/render-services.js";
import { renderWithinLimit } from "../../src/engine/liquid/limit-rendering.js";
import {
  compilePartial,
  createTextCompiler,
  openRendering,
  RenderError,
  type RenderScope,
} from "../../src/engine/liquid/liquid.js";
import { getLiquidMode, type LiquidMode, setLiquidMode } from "../../src/engine/liquid/liquid-mode.js";
import type { Partials } from "../../src/engine/liquid/partials.js";
import { KnockError } from "../../src/errors/knock-error.js";
import type { Json } from "../../src/util/json.js";
import { analyzeTemplate } from "./analyze-template.js";
import { TIMESTAMP } from "./rendering-time.js";

/** The partials that templates can render. */
const PARTIALS: Partials = new Map(
  Object.entries({
    plain: "[{{ a }}{% for x in a %}{{ x }}{% endfor %}{{ vars.branding.color }}]",
    html: "<i>{{ b | upcase }}{% assign a = 2 %}{{ vars.branding.color }}</i>",
    broken: "text\n {{ a | divided_by: 0 }}",
    nested: "{% render 'nested', a: a %}",
  }).map(([key, content]) => {
    const type = key === "html" ? "html" : "text";
    return [key, compilePartial({ key, type, content, input_schema: [] })];
  }),
);

const INSPECT_OPTIONS = { depth: 20, maxArrayLength: 1_000, maxStringLength: 10_000 } as const;

/** Limits the values that are compared. A list that contains itself several times doubles with each level, up to hours of text. */
const MAX_VALUES = 100_000;

function isSmall(value: unknown): boolean {
  let left = MAX_VALUES;
  const visit = (item: unknown, depth: number): void => {
    if (--left < 0 || depth > INSPECT_OPTIONS.depth || typeof item !== "object" || item === null) return;
    for (const inner of Object.values(item)) {
      visit(inner, depth + 1);
      if (left < 0) return;
    }
  };
  visit(value, 0);
  return left >= 0;
}

/** The results of a rendering as text: the output or error of each text, and all variables. */
interface Result {
  texts: string[];
  variables: string;
}

const TRANSLATIONS = new Translations(
  Object.entries({
    en: { a: "one {{ count }}", x: { b: "{{ a | divided_by: 0 }}" } },
    "system.en": {
      text: "{% assign y = a %}{{ toString }}{{ b }}{{ y }}",
      a: "{% break %}{{ a }}",
      " ": "{{ b | divided_by: 0 }}",
    },
  }).map(([name, content]) => parseTranslationFile(`${name}.json`, "en", content, `translations/${name}.json`)),
);

/** Errors of the engine itself. They would be the same both ways if both ways were broken. */
const isDefect = (message: string): boolean => /is not defined|is not a function/.test(message);

function renderTexts(sources: readonly string[], data: string, isShared: boolean, mode: LiquidMode): Result {
  const outerMode = getLiquidMode();
  setLiquidMode(mode);
  try {
    const services = new RunServices({
      now: Date.parse(TIMESTAMP),
      audience: { locale: null, tenant: null, defaultLocale: "en" },
      lookups: { ...NO_STORE_LOOKUPS, translations: TRANSLATIONS },
      getUnwrittenUpserts: () => [],
      requestLookups: (missing) => {
        throw new Error(`not read: ${JSON.stringify(missing)}`);
      },
      warn: () => {},
    });
    const scope: RenderScope = Object.assign(JSON.parse(data) as Record<string, Json>, { [RENDER_SERVICES]: services });
    const compile = createTextCompiler("parcel", { partials: PARTIALS });
    const rendering = openRendering(scope, PARTIALS);
    // As in a layout, `content` renders another text in the same rendering, without `content` itself.
    const print = (): string => {
      scope.content = null;
      try {
        return compile(sources.at(-1) as string, "html_body")(rendering);
      } finally {
        scope.content = print;
      }
    };
    if (isShared && sources.length > 1) scope.content = print;
    const texts: string[] = [];
    for (const source of sources) {
      analyzeTemplate(source);
      try {
        const text = compile(source, "steps[0].template.subject");
        const { evaluate } = text;
        // A hostile template ends at the limit of a step.
        if (isShared && evaluate !== undefined)
          texts.push(`value ${inspect(renderWithinLimit(() => evaluate(rendering)))}`);
        texts.push(`text ${renderWithinLimit(() => text(isShared ? rendering : scope))}`);
      } catch (error) {
        if (
          !(error instanceof RenderError || error instanceof KnockError) &&
          !/^not read/.test(String((error as Error).message))
        )
          throw error;
        if (isDefect((error as Error).message)) throw error;
        texts.push(`${(error as Error).name} ${(error as Error).message}`);
        // An error ends a rendering. After one in a loop, liquidjs would keep the variables of the loop.
        if (isShared) break;
      }
    }
    const { [RENDER_SERVICES]: _services, ...environment } = scope as Record<PropertyKey, unknown>;
    const variables = [rendering.bottom(), environment];
    return { texts, variables: isSmall(variables) ? inspect(variables, INSPECT_OPTIONS) : "too many values" };
  } finally {
    setLiquidMode(outerMode);
  }
}

/**
 * Renders texts one after the other with liquidjs, and again as compiled JavaScript. Shared texts see the variables of
 * earlier ones. The data is JSON text, because each way gets its own copy.
 */
export function renderBothWays(
  sources: readonly string[],
  data: string,
  isShared: boolean,
): Record<"interpreted" | "compiled", Result> {
  return {
    interpreted: renderTexts(sources, data, isShared, "interpret"),
    compiled: renderTexts(sources, data, isShared, "compile"),
  };
}
