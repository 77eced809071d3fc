import type { ErrorCode } from "../../errors/error-codes.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { describeFinding } from "./describe-finding.js";

/**
 * Returns the error for a document's findings. Its message contains the first finding and the number of the others; its
 * details list all of them.
 */
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
