import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import { describeFinding } from "./describe-finding.js";
import { createDocumentError } from "./document-error.js";
import type { ReportFinding } from "./report-finding.js";

/**
 * Returns an `invalid_params` error whose message is "<document>: <first finding> (and n more)" and whose details list
 * all findings.
 */
export function createInvalidParamsError(
  documentName: string,
  details: readonly ErrorDetail[],
  hint?: string,
): KnockError {
  return createDocumentError("invalid_params", documentName, details, hint);
}

/** Creates the `invalid_params` error for the findings about a request, of which there is at least one. */
export function createRequestError(details: readonly ErrorDetail[], hint?: string): KnockError {
  const [first = { pointer: "", message: "is invalid" }, ...rest] = details;
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  return new KnockError("invalid_params", `${describeFinding(first, "the body")}${more}`, { details, hint });
}

/** Runs a parser and returns its result. Throws `invalid_params` with all findings if the parser reports any. */
export function parseOrThrow<T>(documentName: string, parse: (report: ReportFinding) => T | null, hint?: string): T {
  const details: ErrorDetail[] = [];
  const parsed = parse((path, message) => details.push({ pointer: toPointer(path), message }));
  if (parsed === null || details.length > 0) throw createInvalidParamsError(documentName, details, hint);
  return parsed;
}
