import type { KnockError } from "../../errors/knock-error.js";
import { formatNumber } from "../../util/format-count.js";
import { countRecipients } from "./recipient-limit.js";
import type { NamedTrigger } from "./trigger-and-wait.js";

/**
 * Returns the error of a payload with several parts, whose first parts were triggered before the error. It says for how
 * many recipients, and `hint` says what to do for the others. A hint that nothing was changed would be wrong.
 */
export function addAcceptedParts(
  error: KnockError,
  triggers: readonly NamedTrigger[],
  accepted: number,
  hint: string,
): KnockError {
  const count = (parts: readonly NamedTrigger[]): string => formatNumber(countRecipients(parts));
  const ownHint = error.hint === undefined || /\bNothing was\b/.test(error.hint) ? [] : [error.hint];
  return error.copyWith({
    message: `${error.message} (the first ${count(triggers.slice(0, accepted))} of ${count(triggers)} recipients were triggered)`,
    hint: [...ownHint, hint].join(" "),
  });
}

/** The hint for parts without idempotency keys, which would be triggered again. */
export const REMAINING_RECIPIENTS_HINT = "Trigger the remaining recipients with a payload of their own.";
