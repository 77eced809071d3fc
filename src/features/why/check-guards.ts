import type { ReadRecipient } from "../../context/refuse-delivery.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message } from "../../domain/message/message.js";
import type { RecipientGuard } from "../../domain/trigger/recipient-guard.js";
import type { DecisionSubject } from "./explain-decision.js";
import type { Decision } from "./why-report-schema.js";

/** The guards of the project and the profile, and how to read a recipient's addresses. */
export interface Guards {
  guards: readonly RecipientGuard[];
  readRecipient: ReadRecipient;
}

/** Returns the decision of the first guard that does not allow one of the messages, or null. */
export async function findRefusal(
  messages: readonly Message[],
  { guards, readRecipient }: Guards,
  { places }: DecisionSubject,
): Promise<Decision | null> {
  for (const message of messages) {
    const { type } = message.channel;
    if (hasTrait(type, "needsNoRecipientData")) continue;
    for (const guard of guards) {
      const { refuseDelivery } = await import("../../context/refuse-delivery.js");
      const refused = await refuseDelivery(message, type, [guard], readRecipient);
      if (refused === null || !("reason" in refused)) continue;
      const place =
        guard.origin === "project" ? await places.findInProjectFile("settings", "recipients", "allow") : null;
      return {
        rule: "guard",
        code: "recipient_not_allowed",
        detail: refused.reason ?? null,
        compared: [],
        preference: null,
        place,
        source: guard.source,
        change: `Add the address or the ID to ${guard.source}.`,
      };
    }
  }
  return null;
}
