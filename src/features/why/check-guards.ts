import type { ReadRecipient } from "../../context/refuse-delivery.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message } from "../../domain/message/message.js";
import { describeIdentity, toExactPattern } from "../../domain/recipient/recipient-pattern.js";
import type { RecipientGuard } from "../../domain/trigger/recipient-guard.js";
import type { DecisionSubject } from "./explain-decision.js";
import type { Decision } from "./why-report-schema.js";

/** The guards of the project and the profile, and how to read a recipient's addresses. */
export interface Guards {
  guards: readonly RecipientGuard[];
  readRecipient: ReadRecipient;
}

/** Returns the decision of the first guard that does not allow one of the messages, or null. */
export async function checkGuards(
  messages: readonly Message[],
  { guards, readRecipient }: Guards,
  { places }: DecisionSubject,
): Promise<Decision | null> {
  const guarded = messages.filter(({ channel }) => !hasTrait(channel.type, "needsNoRecipientData"));
  if (guards.length === 0 || guarded.length === 0) return null;
  const { findRefusal } = await import("../../context/refuse-delivery.js");
  for (const message of guarded) {
    const refusal = await findRefusal(message, message.channel.type, guards, readRecipient);
    // No guard decides about a message without an address.
    if (refusal === null || "invalid" in refusal) continue;
    const { identity, guard } = refusal;
    return {
      rule: "guard",
      code: "recipient_not_allowed",
      detail: `${describeIdentity(identity)} is not allowed`,
      compared: [],
      preference: null,
      place: guard.origin === "project" ? await places.findInProjectFile("settings", "recipients", "allow") : null,
      source: guard.source,
      change: `Add ${JSON.stringify(toExactPattern(identity))} to ${guard.source}.`,
    };
  }
  return null;
}
