import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import { parseTimestamp } from "../condition/timestamp.js";
import type { Complain } from "../shape/complain.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { describeFault } from "../shape/place.js";
import {
  anything,
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  record,
  type Shaped,
  text,
  textUpTo,
} from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import { partialKeysIn } from "../template/template-partial.js";
import { checkFieldValue } from "./check-field-value.js";
import type { Guide, GuideField, GuideStep, UrlPattern } from "./guide.js";
import type { MessageType } from "./message-type.js";

/** What conditions of a guide may ask about: there is no run, and nobody who acts. */
const PREFIXES = ["recipient", "tenant", "data", "vars"];

const patternShape = object({
  directive: optional(oneOf(["allow", "block"])),
  pathname: optional(filledText),
  search: optional(filledText),
});

const stepShape = object({
  ref: filledText,
  name: optional(text),
  schema_key: filledText,
  schema_semver: filledText,
  schema_variant_key: filledText,
  values: optional(record(anything)),
});

const guideShape = object({
  name: textUpTo(255),
  channel_key: filledText,
  steps: list(stepShape),
  description: optional(textUpTo(280)),
  tags: optional(list(text)),
  goal_attachment: optional(object({ goal_key: filledText, attribution_window_days: optional(integer(1, 30)) })),
  target_audience_key: optional(filledText),
  target_property_conditions: anything,
  activation_url_patterns: optional(list(patternShape)),
  activation_location_rules: optional(list(patternShape)),
});

/** Fields that the service manages; a file may have them at the top or in `__readonly` (F-021, F-024). */
const stateShape = object({
  active: optional(flag),
  active_from: optional(text),
  active_until: optional(text),
  semver: optional(text),
});

const KNOWN = `$schema name channel_key steps description tags goal_attachment target_audience_key
  target_property_conditions activation_url_patterns activation_location_rules key type semver active valid active_from
  active_until guide_audience_conditions environment created_at updated_at sha`.split(/\s+/);
const STEP = ["ref", "name", "schema_key", "schema_semver", "schema_variant_key", "values", "json_schema"];

/** What else of the project a guide is checked against. */
export interface GuideSurroundings {
  /** How errors name the file. */
  shown: string;
  messageTypes: ReadonlyMap<string, MessageType | KnockError>;
  /** What a channel of this key is declared as; undefined where it is not. */
  channelType(key: string): string | undefined;
  managed: boolean;
}

/** In UTF-16 units. */
const MAX_PATTERN_LENGTH = 2_000;

function patternOf(raw: Shaped<typeof patternShape>, path: PropertyKey[], complain: Complain): UrlPattern {
  const { pathname = null, search = null } = raw;
  if (pathname === null && search === null) complain(path, "must have a pathname, a search, or both");
  for (const [name, part] of Object.entries({ pathname, search })) {
    if (part === null) continue;
    if (part.length > MAX_PATTERN_LENGTH) {
      complain([...path, name], `must be at most ${MAX_PATTERN_LENGTH} characters, found ${part.length}`);
      continue;
    }
    try {
      new URLPattern({ [name]: part });
    } catch {
      complain([...path, name], `is no URL pattern: ${JSON.stringify(part)}`);
    }
  }
  return { directive: raw.directive ?? "allow", pathname, search };
}

function timeOf(value: string | null | undefined, path: PropertyKey[], complain: Complain): number | null {
  if (value === undefined || value === null) return null;
  const at = parseTimestamp(value);
  if (at === undefined) complain(path, "must be an ISO 8601 time");
  return at ?? null;
}

/** The fields of a step's message type with their values. */
function contentOf(
  { schema_key, schema_variant_key, values }: Shaped<typeof stepShape>,
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

function unknownKeys(value: JsonObject, known: readonly string[], path: string): string[] {
  return Object.keys(value).flatMap((key) => {
    if (known.includes(key) || key.startsWith("__") || value[key] === null) return [];
    const near = nearest(key, known);
    return [`${path}${key} is not a known key and has no effect${near ? `; did you mean "${near}"?` : ""}`];
  });
}

/** What a file says without effect (F-026), a line each. */
function warningsOf(raw: JsonObject): string[] {
  const steps = Array.isArray(raw.steps) ? raw.steps : [];
  return [
    ...unknownKeys(raw, KNOWN, ""),
    ...steps.flatMap((step, index) => (isJsonObject(step) ? unknownKeys(step, STEP, `steps[${index}].`) : [])),
  ];
}

/**
 * A guide's JSON, its text files already read in → Guide (section 13 of the format), with what has no effect in it. Throws
 * `project_invalid` with a pointer per fault.
 */
export function parseGuide(key: string, raw: unknown, around: GuideSurroundings): { guide: Guide; warnings: string[] } {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  checkJsonShape(raw, around.shown, "project_invalid");
  const value = checked(guideShape, raw, [], complain);
  const object = isJsonObject(raw) ? raw : {};
  const readonly = isJsonObject(object.__readonly) ? object.__readonly : {};
  const state = checked(stateShape, { ...object, ...readonly }, [], complain);
  const from = timeOf(state?.active_from, ["active_from"], complain);
  const until = timeOf(state?.active_until, ["active_until"], complain);
  if (from !== null && until !== null && from >= until) complain(["active_until"], "must be after active_from");
  const conditions = parseConditionGroup(
    object.target_property_conditions,
    ["target_property_conditions"],
    { refs: null, prefixes: PREFIXES },
    complain,
  );
  let steps: GuideStep[] = [];
  let patterns: UrlPattern[] = [];
  if (value !== null) {
    const declared = around.channelType(value.channel_key);
    if (declared !== undefined && declared !== "in_app_guide")
      complain(["channel_key"], `names a channel of type ${declared}: "${value.channel_key}"`);
    if (value.steps.length === 0) complain(["steps"], "must have at least one step");
    steps = value.steps.map(({ ref, name, ...rest }, index) => {
      const path = ["steps", index];
      if (value.steps.findIndex((other) => other.ref === ref) < index)
        complain([...path, "ref"], `"${ref}" is already the ref of another step`);
      if (partialKeysIn(JSON.stringify(rest.values ?? {})).length > 0)
        complain([...path, "values"], "cannot render partials: a guide's content has none");
      const { schema_key, schema_semver, schema_variant_key } = rest;
      const content = contentOf({ ref, name, ...rest }, path, around, complain);
      return { ref, name: name ?? null, schema_key, schema_semver, schema_variant_key, content };
    });
    const [named, old] = [value.activation_url_patterns ?? [], value.activation_location_rules ?? []];
    if (named.length > 0 && old.length > 0)
      complain(["activation_location_rules"], "must not be given beside activation_url_patterns");
    const list = named.length > 0 ? "activation_url_patterns" : "activation_location_rules";
    patterns = (named.length > 0 ? named : old).map((one, index) => patternOf(one, [list, index], complain));
  }
  const [first, ...rest] = details;
  if (value === null || state === null || first !== undefined) {
    const summary = first ? describeFault(first) : "not valid";
    const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
    throw new KnockError("project_invalid", `${around.shown}: ${summary}${more}`, { details });
  }
  const guide: Guide = {
    key,
    name: value.name,
    channel_key: value.channel_key,
    type: steps[0]?.schema_key ?? "",
    semver: state.semver ?? "0.0.1",
    active: state.active ?? true,
    active_from: from,
    active_until: until,
    target_audience_key: value.target_audience_key ?? null,
    target_property_conditions: conditions,
    activation_url_patterns: patterns,
    steps,
    managed: around.managed,
  };
  return { guide, warnings: warningsOf(object) };
}
