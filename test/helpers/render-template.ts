import type { Recipient, RecipientKey } from "../../src/domain/recipient/recipient.js";
import { parseTranslationFile } from "../../src/domain/template/parse-translation-file.js";
import { Translations } from "../../src/domain/template/translation.js";
import { NOTHING_READ, RunServices } from "../../src/engine/context/readings.js";
import { SERVICES } from "../../src/engine/liquid/filters/render-services.js";
import { compilerFor, type RenderScope } from "../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../src/util/json.js";
import { TIMESTAMP } from "./render-step.js";

export interface Surroundings {
  /** Variables beside `timestamp`. */
  scope?: JsonObject;
  /** File by name: `en`, `sms.en`, `acme~fr`, with locale after the last dot or tilde. */
  translations?: Record<string, JsonObject>;
  locale?: string | null;
  tenant?: string | null;
  defaultLocale?: string;
  recipients?: readonly Recipient[];
  /** Gathers what is warned of. */
  warnings?: string[];
  now?: number;
}

function filesOf(files: Record<string, JsonObject>): Translations {
  return new Translations(
    Object.entries(files).map(([name, content]) =>
      parseTranslationFile(`${name}.json`, name.slice(name.search(/[^.~]+$/)), content, `translations/${name}.json`),
    ),
  );
}

/** A template's text, with everything read that it asks for. */
export function renderTemplate(source: string, around: Surroundings = {}): string {
  const recipients = new Map<RecipientKey, Recipient | null>((around.recipients ?? []).map((one) => [one.key, one]));
  const services = new RunServices({
    now: around.now ?? Date.parse(TIMESTAMP),
    audience: {
      locale: around.locale ?? null,
      tenant: around.tenant ?? null,
      defaultLocale: around.defaultLocale ?? "en",
    },
    known: { ...NOTHING_READ, recipients, translations: filesOf(around.translations ?? {}) },
    unwritten: () => [],
    ask: (wanted) => {
      throw new Error(`not read: ${JSON.stringify(wanted)}`);
    },
    warn: (text) => around.warnings?.push(text),
  });
  const scope: RenderScope = Object.assign({ timestamp: TIMESTAMP, ...around.scope }, { [SERVICES]: services });
  return compilerFor("parcel")(source, "steps[0].template.subject")(scope);
}
