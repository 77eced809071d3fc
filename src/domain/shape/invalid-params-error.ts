import type { ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import { createDocumentError } from "./document-error.js";
import type { ReportFinding } from "./report-finding.js";

/** "x: first fault (and n more)" as `invalid_params`, with every fault in the details. */
export function createInvalidParamsError(
  documentName: string,
  details: readonly ErrorDetail[],
  hint?: string,
): KnockError {
  return createDocumentError("invalid_params", documentName, details, hint);
}

/** Runs a parser that complains, and throws `invalid_params` of all its complaints. */
export function parseOrThrow<T>(documentName: string, parse: (report: ReportFinding) => T, hint?: string): T {
  const details: ErrorDetail[] = [];
  const parsed = parse((path, message) => details.push({ pointer: toPointer(path), message }));
  if (details.length > 0) throw createInvalidParamsError(documentName, details, hint);
  return parsed;
}
