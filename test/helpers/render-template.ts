import { expect } from "vitest";
import type { Recipient, RecipientKey } from "../../src/domain/recipient/recipient.js";
import { parseTranslationFile } from "../../src/domain/template/parse-translation-file.js";
import { Translations } from "../../src/domain/template/translation.js";
import { NO_STORE_LOOKUPS, RunServices } from "../../src/engine/context/store-lookups.js";
import { RENDER_SERVICES } from "../../src/engine/liquid/filters/render-services.js";
import { createTextCompiler, type RenderScope } from "../../src/engine/liquid/liquid.js";
import type { LiquidMode } from "../../src/engine/liquid/liquid-mode.js";
import type { JsonObject } from "../../src/util/json.js";
import { analyzeTemplate } from "./analyze-template.js";
import { TIMESTAMP } from "./rendering-time.js";

export interface RenderOptions {
  /** Variables in addition to `timestamp`. */
  scope?: JsonObject;
  /** Translation files by name: `en`, `sms.en`, `acme~fr`, with the locale after the last dot or tilde. */
  translations?: Record<string, JsonObject>;
  locale?: string | null;
  tenant?: string | null;
  defaultLocale?: string;
  recipients?: readonly Recipient[];
  /** Collects the warnings. */
  warnings?: string[];
  now?: number;
}

function parseTranslations(files: Record<string, JsonObject>): Translations {
  return new Translations(
    Object.entries(files).map(([name, content]) =>
      parseTranslationFile(`${name}.json`, name.slice(name.search(/[^.~]+$/)), content, `translations/${name}.json`),
    ),
  );
}

function renderInMode(source: string, options: RenderOptions, warnings: string[], mode: LiquidMode): string {
  const recipients = new Map<RecipientKey, Recipient | null>((options.recipients ?? []).map((one) => [one.key, one]));
  const services = new RunServices({
    now: options.now ?? Date.parse(TIMESTAMP),
    audience: {
      locale: options.locale ?? null,
      tenant: options.tenant ?? null,
      defaultLocale: options.defaultLocale ?? "en",
    },
    lookups: {
      ...NO_STORE_LOOKUPS,
      recipients,
      subscriptions: new Map([...recipients.keys()].map((key) => [key, []])),
      translations: parseTranslations(options.translations ?? {}),
    },
    getUnwrittenUpserts: () => [],
    requestLookups: (wanted) => {
      throw new Error(`not read: ${JSON.stringify(wanted)}`);
    },
    warn: (text) => warnings.push(text),
  });
  const scope: RenderScope = Object.assign({ timestamp: TIMESTAMP, ...options.scope }, { [RENDER_SERVICES]: services });
  return createTextCompiler("parcel", { mode, partials: new Map() })(source, "steps[0].template.subject")(scope);
}

interface Result {
  text?: string;
  error?: unknown;
  warnings: string[];
}

function tryRender(source: string, options: RenderOptions, mode: LiquidMode): Result {
  const warnings: string[] = [];
  try {
    return { text: renderInMode(source, structuredClone({ ...options, warnings: [] }), warnings, mode), warnings };
  } catch (error) {
    return { error, warnings };
  }
}

/**
 * Renders a template with the given recipients and translations. Throws if it reads anything else, and if the template
 * renders differently as compiled JavaScript.
 */
export function renderTemplate(source: string, options: RenderOptions = {}): string {
  analyzeTemplate(source);
  const interpreted = tryRender(source, options, "interpret");
  // A faster rendering can reach another limit first.
  if (!String(interpreted.error).includes("limit")) expect(tryRender(source, options, "compile")).toEqual(interpreted);
  options.warnings?.push(...interpreted.warnings);
  if (interpreted.text === undefined) throw interpreted.error;
  return interpreted.text;
}
