import { checkJsonShape } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { preferenceSetSchema } from "./preference-set-schema.js";

/**
 * Parses the body of a PUT of a preference set. It replaces the set unless `__persistence_strategy__` is
 * "merge" (E-138). Throws `invalid_params` with one pointer per finding.
 */
export function parsePreferenceSet(
  body: unknown,
  documentName = "the preference set",
): { set: PreferenceSet; merge: boolean } {
  checkJsonShape(body, documentName);
  const value = parseOrThrow(documentName, (report) => checkClosedDocument(preferenceSetSchema(), body, report));
  const { __persistence_strategy__: strategy, id: _id, ...set } = value;
  return { set: set as PreferenceSet, merge: strategy === "merge" };
}
