import { collectRecipientWarnings, formatRecipientWarning } from "../recipient/collect-recipient-warnings.js";
import { toRecipientReference } from "../recipient/recipient.js";
import type { Trigger } from "./trigger.js";

/** Returns a warning for each likely mistake in the recipients and the actor that a trigger identifies inline. */
export function collectInlineRecipientWarnings({ recipients, actor }: Trigger): string[] {
  return [...recipients, ...(actor === null ? [] : [actor])].flatMap(({ key, upsert }) =>
    upsert === null
      ? []
      : collectRecipientWarnings(upsert.properties).map(
          (warning) => `recipient ${JSON.stringify(toRecipientReference(key))}: ${formatRecipientWarning(warning)}`,
        ),
  );
}
