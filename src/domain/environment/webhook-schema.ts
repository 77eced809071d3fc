import * as z from "zod/mini";
import { findNearest } from "../../util/find-nearest.js";
import { once } from "../../util/once.js";
import { checkedString, described, optional } from "../schema/fields.js";
import type { ReportFinding } from "../shape/report-finding.js";
import { describeInvalidUrl } from "./allow-list.js";
import { parseVariableReference } from "./provider-catalog.js";
import { WEBHOOK_EVENTS } from "./webhook.js";

function describeInvalidSigningKey(value: string): string | null {
  if (parseVariableReference(value) !== null) return null;
  return 'is a secret and must name an environment variable, such as "$KNOCK_WEBHOOK_KEY": never write it here';
}

function describeInvalidEvent(value: string): string | null {
  if (WEBHOOK_EVENTS.includes(value)) return null;
  // Users write "sent" for "message.sent".
  const near = WEBHOOK_EVENTS.find((name) => name.endsWith(`.${value}`)) ?? findNearest(value, WEBHOOK_EVENTS);
  const names = near === undefined ? `events are ${WEBHOOK_EVENTS.join(", ")}` : `did you mean "${near}"?`;
  return `must be a webhook event, found ${JSON.stringify(value)}; ${names}`;
}

/** Reports webhooks that have the same URL and the same events as an earlier one. */
export function checkDistinctWebhooks(webhooks: unknown, report: ReportFinding): void {
  if (!Array.isArray(webhooks)) return;
  const indexes = new Map<string, number>();
  for (const [index, webhook] of webhooks.entries()) {
    const { url, events } = (webhook ?? {}) as Record<string, unknown>;
    if (typeof url !== "string") continue;
    const name = JSON.stringify([url, events ?? null]);
    const other = indexes.get(name);
    if (other === undefined) indexes.set(name, index);
    else report([index, "url"], `has the same events as webhooks[${other}]`);
  }
}

/** The schema of `webhooks` in `environment.json`, to which the local API sends events. */
export const webhooksSchema = once(() => {
  const event = checkedString(describeInvalidEvent).check(z.meta({ enum: WEBHOOK_EVENTS }));
  const webhook = z.strictObject({
    url: described(
      checkedString(describeInvalidUrl),
      "The URL that events are sent to.",
      "https://app.example.com/webhooks/knock",
    ),
    events: described(
      optional(
        z.array(event).check(z.minLength(1, { error: "must name an event; without the list, all events are sent" })),
      ),
      "The events that are sent. Default: all.",
      ["message.sent", "message.bounced"],
    ),
    signing_key: described(
      optional(checkedString(describeInvalidSigningKey)),
      'The environment variable with the key that signs requests, such as "$KNOCK_WEBHOOK_KEY".',
    ),
  });
  return z.array(webhook);
});
