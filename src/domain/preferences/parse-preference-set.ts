import { isJsonObject, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseConditionList } from "../condition/parse-conditions.js";
import { CHANNEL_TYPES } from "../message/message.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import type { Complain } from "../shape/complain.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";

/** Guides have no preference (E-135). */
const PREFERENCE_CHANNEL_TYPES = CHANNEL_TYPES.filter((type) => type !== "in_app_guide");

const CONDITIONS = { refs: null, anyScope: true };

const SECTIONS = ["channel_types", "channels", "categories", "workflows", "commercial_subscribed"];
const STRATEGY = "__strategy__";
const PERSISTENCE = "__persistence_strategy__";

function checkValue(value: unknown, path: PropertyKey[], complain: Complain): void {
  if (typeof value === "boolean") return;
  if (!isJsonObject(value)) complain(path, "must be true, false or an object with conditions");
  else if (value.conditions === undefined) complain([...path, "conditions"], "is required (a list of conditions)");
  else parseConditionList(value.conditions, [...path, "conditions"], CONDITIONS, complain);
}

function checkUnknown(key: string, known: readonly string[], path: PropertyKey[], complain: Complain): boolean {
  if (known.includes(key)) return false;
  const near = nearest(key, known);
  complain(
    [...path, key],
    `is not a known key${near === undefined ? `; known are ${known.join(", ")}` : `; did you mean "${near}"?`}`,
  );
  return true;
}

/** Calls `check` for each entry of a section; null is a section without entries. */
function eachEntry(
  section: unknown,
  path: PropertyKey[],
  complain: Complain,
  check: (key: string, value: unknown, path: PropertyKey[]) => void,
): void {
  if (section === undefined || section === null) return;
  if (!isJsonObject(section)) {
    complain(path, "must be an object");
    return;
  }
  for (const [key, value] of Object.entries(section)) if (key !== STRATEGY) check(key, value, [...path, key]);
}

function checkChannels(holder: JsonObject, path: PropertyKey[], complain: Complain): void {
  eachEntry(holder.channel_types, [...path, "channel_types"], complain, (type, value, at) => {
    if (!checkUnknown(type, PREFERENCE_CHANNEL_TYPES, at.slice(0, -1), complain)) checkValue(value, at, complain);
  });
  eachEntry(holder.channels, [...path, "channels"], complain, (_channel, value, at) => checkValue(value, at, complain));
}

/** A category's or a workflow's entry (E-134). */
function checkLevel(value: unknown, path: PropertyKey[], complain: Complain): void {
  if (typeof value === "boolean") return;
  if (!isJsonObject(value)) {
    complain(path, "must be true, false or an object with channel_types, channels or conditions");
    return;
  }
  for (const key of Object.keys(value))
    checkUnknown(key, ["channel_types", "channels", "conditions", STRATEGY], path, complain);
  checkChannels(value, path, complain);
  if (value.conditions !== undefined && value.conditions !== null)
    parseConditionList(value.conditions, [...path, "conditions"], CONDITIONS, complain);
}

/** Complains about what is no preference set (A-430, E-133 to E-135). */
export function checkPreferenceSet(value: unknown, path: PropertyKey[], complain: Complain): value is JsonObject {
  if (!isJsonObject(value)) {
    complain(path, "must be an object");
    return false;
  }
  for (const key of Object.keys(value)) checkUnknown(key, [...SECTIONS, "id", PERSISTENCE], path, complain);
  checkChannels(value, path, complain);
  for (const section of ["categories", "workflows"])
    eachEntry(value[section], [...path, section], complain, (_key, level, at) => checkLevel(level, at, complain));
  const { commercial_subscribed } = value;
  if (commercial_subscribed !== undefined && commercial_subscribed !== null)
    checkValue(commercial_subscribed, [...path, "commercial_subscribed"], complain);
  const strategy = value[PERSISTENCE];
  if (strategy !== undefined && strategy !== "merge" && strategy !== "replace")
    complain([...path, PERSISTENCE], 'must be "merge" or "replace"');
  return true;
}

/** The body of a preference set's PUT (A-430): replaces unless `__persistence_strategy__` says merge (E-138). */
export function parsePreferenceSet(body: unknown, what = "the preference set"): { set: PreferenceSet; merge: boolean } {
  checkJsonShape(body, what);
  return parseOrThrow(what, (complain) => {
    if (!checkPreferenceSet(body, [], complain)) return { set: {}, merge: false };
    const { [PERSISTENCE]: strategy, id: _id, ...set } = body;
    return { set: set as PreferenceSet, merge: strategy === "merge" };
  });
}
