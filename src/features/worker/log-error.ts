import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { LogFields } from "../../monitoring/json-log.js";

const getHint = (error: unknown): string | undefined => (error instanceof KnockError ? error.hint : undefined);

/** Returns the fields of a log entry about an error. */
export function toLogFields(error: unknown): LogFields {
  const hint = getHint(error);
  return { error: getErrorMessage(error), ...(hint === undefined ? {} : { hint }) };
}

/** Returns the text of a log entry about an error, with the fix if it is known. */
export function describeError(error: unknown): string {
  const hint = getHint(error);
  return hint === undefined ? getErrorMessage(error) : `${getErrorMessage(error)}. ${hint}`;
}
