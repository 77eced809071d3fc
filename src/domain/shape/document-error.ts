import { type ErrorCode, type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { describeFinding } from "./describe-finding.js";

/** Returns the error about a document's faults: its message names the first one and how many follow, its details list all. */
export function createDocumentError(
  code: ErrorCode,
  documentName: string,
  details: readonly ErrorDetail[],
  hint?: string,
): KnockError {
  const [first, ...rest] = details;
  const summary = first === undefined ? "is invalid" : describeFinding(first);
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  return new KnockError(code, `${documentName}: ${summary}${more}`, { details, hint });
}
