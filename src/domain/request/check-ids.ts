import { createInvalidParamsError } from "../findings/invalid-params-error.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";

/** Throws `invalid_params` if a text cannot be the ID of a preference set. */
export function checkPreferenceSetId(id: string): void {
  const problem = describeInvalidId(id);
  if (problem !== null)
    throw createInvalidParamsError("the preference set's id", [{ pointer: "/id", message: problem, value: id }]);
}

/** Throws `invalid_params` if a text cannot be the key of an audience. */
export function checkAudienceKey(key: string): void {
  const problem = describeInvalidId(key);
  if (problem !== null)
    throw createInvalidParamsError("the audience's key", [{ pointer: "/key", message: problem, value: key }]);
}
