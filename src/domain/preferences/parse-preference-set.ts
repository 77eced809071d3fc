import type { PreferenceSet } from "../recipient/preference-set.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { preferenceSetSchema } from "./preference-set-schema.js";

/** The body of a preference set's PUT: replaces unless `__persistence_strategy__` says merge (E-138). */
export function parsePreferenceSet(body: unknown, what = "the preference set"): { set: PreferenceSet; merge: boolean } {
  checkJsonShape(body, what);
  const value = parseOrThrow(what, (fault) => checkClosedDocument(preferenceSetSchema(), body, fault));
  const { __persistence_strategy__: strategy, id: _id, ...set } = value ?? {};
  return { set: set as PreferenceSet, merge: strategy === "merge" };
}
