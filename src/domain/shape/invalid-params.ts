import type { ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { pointerOf } from "../../util/json.js";
import type { Complain } from "./complain.js";
import { faultsError } from "./faults-error.js";

/** "x: first fault (and n more)" as `invalid_params`, with every fault in the details. */
export function invalidParams(what: string, details: readonly ErrorDetail[], hint?: string): KnockError {
  return faultsError("invalid_params", what, details, hint);
}

/** Runs a parser that complains, and throws `invalid_params` of all its complaints. */
export function parseOrThrow<T>(what: string, parse: (complain: Complain) => T, hint?: string): T {
  const details: ErrorDetail[] = [];
  const parsed = parse((path, message) => details.push({ pointer: pointerOf(path), message }));
  if (details.length > 0) throw invalidParams(what, details, hint);
  return parsed;
}
