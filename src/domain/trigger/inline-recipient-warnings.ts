import { referenceOf } from "../recipient/recipient.js";
import { recipientWarnings } from "../recipient/recipient-warnings.js";
import type { Trigger } from "./trigger.js";

/** Returns a line for each likely mistake in the recipients and the actor that a trigger identifies inline. */
export function inlineRecipientWarnings({ recipients, actor }: Trigger): string[] {
  return [...recipients, ...(actor === null ? [] : [actor])].flatMap(({ key, upsert }) =>
    upsert === null
      ? []
      : recipientWarnings(upsert.properties).map(
          ({ key: name, message }) => `recipient ${JSON.stringify(referenceOf(key))}: ${name} ${message}`,
        ),
  );
}
