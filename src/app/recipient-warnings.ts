import { referenceOf } from "../domain/recipient/recipient.js";
import { recipientWarnings } from "../domain/recipient/recipient-warnings.js";
import type { Trigger } from "../domain/trigger/trigger.js";

/** Warns of what is probably a mistake in the recipients and the actor that a trigger identifies inline, a line each. */
export function inlineRecipientWarnings({ recipients, actor }: Trigger): string[] {
  return [...recipients, ...(actor === null ? [] : [actor])].flatMap(({ key, upsert }) =>
    upsert === null
      ? []
      : recipientWarnings(upsert.properties).map(
          ({ key: name, message }) => `recipient ${JSON.stringify(referenceOf(key))}: ${name} ${message}`,
        ),
  );
}
