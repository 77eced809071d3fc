import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import { parseTimestamp } from "../condition/timestamp.js";
import { hasTrait } from "../message/channel-types.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFaults } from "../schema/document-faults.js";
import type { Complain } from "../shape/complain.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { partialKeysIn } from "../template/template-partial.js";
import { checkFieldValue } from "./check-field-value.js";
import type { Guide, GuideField, GuideStep, UrlPattern } from "./guide.js";
import { type GuideFile, guideSchema } from "./guide-schema.js";
import type { MessageType } from "./message-type.js";

/** What conditions of a guide may ask about: there is no run, and nobody who acts. */
const PREFIXES = ["recipient", "tenant", "data", "vars"];

/** What else of the project a guide is checked against. */
interface GuideSurroundings {
  /** How errors name the file. */
  shown: string;
  messageTypes: ReadonlyMap<string, MessageType | KnockError>;
  /** What a channel of this key is declared as; undefined where it is not. */
  channelType(key: string): string | undefined;
  managed: boolean;
}

/** In UTF-16 units. */
const MAX_PATTERN_LENGTH = 2_000;

function checkUrlPattern(name: "pathname" | "search", text: string, path: PropertyKey[], fault: Complain): void {
  if (text.length > MAX_PATTERN_LENGTH)
    return fault([...path, name], `must be at most ${MAX_PATTERN_LENGTH} characters, found ${text.length}`);
  try {
    new URLPattern({ [name]: text });
  } catch {
    fault([...path, name], `is no URL pattern: ${JSON.stringify(text)}`);
  }
}

/** Where the guide may show; its old name counts if the new one is absent or empty. */
function activationPatterns(file: GuideFile, faults: DocumentFaults): UrlPattern[] {
  const list = file.activation_url_patterns?.length ? "activation_url_patterns" : "activation_location_rules";
  const patterns = Array.isArray(file[list]) ? file[list] : [];
  return patterns.flatMap((pattern, index): UrlPattern[] => {
    if (!faults.isValid([list, index])) return [];
    const { directive, pathname = null, search = null } = pattern;
    if (pathname !== null) checkUrlPattern("pathname", pathname, [list, index], faults.add);
    if (search !== null) checkUrlPattern("search", search, [list, index], faults.add);
    return [{ directive: directive ?? "allow", pathname, search }];
  });
}

/** The fields of a step's message type with their values. */
function contentOf(
  { schema_key, schema_variant_key, values }: GuideFile["steps"][number],
  path: PropertyKey[],
  { messageTypes }: GuideSurroundings,
  complain: Complain,
): GuideField[] {
  const type = messageTypes.get(schema_key);
  if (type === undefined) {
    const near = nearest(schema_key, messageTypes.keys());
    const hint = near === undefined ? "; message types are in message-types/<key>/" : `; did you mean "${near}"?`;
    complain([...path, "schema_key"], `names no message type of this project: "${schema_key}"${hint}`);
    return [];
  }
  if (type instanceof KnockError) {
    complain([...path, "schema_key"], `names a message type that cannot be read: ${type.message}`);
    return [];
  }
  const variant = type.variants.find(({ key }) => key === schema_variant_key);
  if (variant === undefined) {
    const known = type.variants.map(({ key }) => key).join(", ");
    complain([...path, "schema_variant_key"], `names no variant of "${schema_key}": ${known}`);
    return [];
  }
  const given = (values ?? {}) as JsonObject;
  for (const key of Object.keys(given)) {
    if (variant.fields.some((field) => field.key === key)) continue;
    const near = nearest(
      key,
      variant.fields.map((field) => field.key),
    );
    complain([...path, "values", key], `is no field of "${schema_key}"${near ? `; did you mean "${near}"?` : ""}`);
  }
  return variant.fields.map((field): GuideField => {
    const own = Object.hasOwn(given, field.key) ? (given[field.key] as Json) : null;
    const here = [...path, "values", field.key];
    if (own !== null) checkFieldValue(own, field, here, complain);
    else if (field.required && field.default === null) {
      if (isJsonObject(values)) complain(here, "is required");
      else complain([...path, "values"], `is required: it has the field "${field.key}"`);
    }
    const value =
      isJsonObject(own) && isJsonObject(field.default) ? { ...field.default, ...own } : (own ?? field.default);
    return { key: field.key, type: field.type, value };
  });
}

const milliseconds = (time: string | null | undefined): number | null => parseTimestamp(time) ?? null;

/**
 * Parses a `guide.json`, its text files read in (section 13 of the format), and checks it against the rest of the project.
 * Throws `project_invalid` with a pointer per fault.
 */
export function parseGuide(key: string, raw: unknown, around: GuideSurroundings): Guide {
  const faults = new DocumentFaults();
  checkJsonShape(raw, around.shown, "project_invalid");
  checkDocument(guideSchema(), raw, faults.add);
  // A part of it is checked further if the schema found no fault in that part.
  const file = (isJsonObject(raw) ? raw : {}) as GuideFile;
  const conditions = parseConditionGroup(
    file.target_property_conditions,
    ["target_property_conditions"],
    { refs: null, prefixes: PREFIXES },
    faults.add,
  );
  const declared = faults.isValid(["channel_key"]) ? around.channelType(file.channel_key) : undefined;
  if (declared !== undefined && !hasTrait(declared, "isGuide"))
    faults.add(["channel_key"], `names a channel of type ${declared}: "${file.channel_key}"`);
  const steps = (Array.isArray(file.steps) ? file.steps : []).flatMap((step, index): GuideStep[] => {
    const path = ["steps", index];
    if (!faults.isValid(path)) return [];
    if (partialKeysIn(JSON.stringify(step.values ?? {})).length > 0)
      faults.add([...path, "values"], "cannot render partials: a guide's content has none");
    const { ref, name, schema_key, schema_semver, schema_variant_key } = step;
    const content = contentOf(step, path, around, faults.add);
    return [{ ref, name: name ?? null, schema_key, schema_semver, schema_variant_key, content }];
  });
  const patterns = activationPatterns(file, faults);
  if (!faults.isEmpty) throw faults.toError(around.shown, "project_invalid");
  const state = { ...file, ...file.__readonly };
  return {
    key,
    name: file.name,
    channel_key: file.channel_key,
    type: steps[0]?.schema_key ?? "",
    semver: state.semver ?? "0.0.1",
    active: state.active ?? true,
    active_from: milliseconds(state.active_from),
    active_until: milliseconds(state.active_until),
    target_audience_key: file.target_audience_key ?? null,
    target_property_conditions: conditions,
    activation_url_patterns: patterns,
    steps,
    managed: around.managed,
  };
}
