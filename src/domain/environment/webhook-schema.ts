import * as z from "zod/mini";
import { nearest } from "../../util/nearest.js";
import { once } from "../../util/once.js";
import { described, optional, textWith } from "../schema/fields.js";
import type { Complain } from "../shape/complain.js";
import { configuredUrlFault } from "./allow-list.js";
import { variableOf } from "./provider-catalogue.js";
import { WEBHOOK_EVENTS } from "./webhook.js";

function signingKeyFault(value: string): string | null {
  if (variableOf(value) !== null) return null;
  return 'is a secret and must name an environment variable, such as "$KNOCK_WEBHOOK_KEY": never write it here';
}

function eventFault(value: string): string | null {
  if (WEBHOOK_EVENTS.includes(value)) return null;
  // "sent" alone is message.sent.
  const near = WEBHOOK_EVENTS.find((name) => name.endsWith(`.${value}`)) ?? nearest(value, WEBHOOK_EVENTS);
  const names = near === undefined ? `events are ${WEBHOOK_EVENTS.join(", ")}` : `did you mean "${near}"?`;
  return `is no event that webhooks have, found ${JSON.stringify(value)}; ${names}`;
}

/** Checks that no two webhooks have the same URL and the same events. */
export function checkDistinctWebhooks(webhooks: unknown, fault: Complain): void {
  if (!Array.isArray(webhooks)) return;
  const places = new Map<string, number>();
  for (const [index, webhook] of webhooks.entries()) {
    const { url, events } = (webhook ?? {}) as Record<string, unknown>;
    if (typeof url !== "string") continue;
    const name = JSON.stringify([url, events ?? null]);
    const other = places.get(name);
    if (other === undefined) places.set(name, index);
    else fault([index, "url"], `has the same events at webhooks[${other}] already`);
  }
}

/** `webhooks` in `environment.json`: the local API sends events to them (contract, section 6). */
export const webhooksSchema = once(() => {
  const event = textWith(eventFault).check(z.meta({ enum: WEBHOOK_EVENTS }));
  const webhook = z.strictObject({
    url: described(textWith(configuredUrlFault), "Where events are sent."),
    events: described(
      optional(
        z.array(event).check(z.minLength(1, { error: "must name an event; without the list, all events are sent" })),
      ),
      "The events that are sent. Default: all.",
    ),
    signing_key: described(
      optional(textWith(signingKeyFault)),
      'The environment variable with the key that signs requests, such as "$KNOCK_WEBHOOK_KEY".',
    ),
  });
  return z.array(webhook);
});
