import type { ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { list, object, optional, type Shape, text } from "../shape/shape.js";
import { configuredUrlFault } from "./allow-list.js";
import { invalidEnvironment } from "./parse-environment.js";
import { variableOf } from "./provider-catalogue.js";
import { WEBHOOK_EVENTS, type Webhook } from "./webhook.js";

const webhookUrl: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const fault = configuredUrlFault(value);
  if (fault !== null) complain(path, fault);
  return fault === null;
};

const signingKey: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  if (variableOf(value) !== null) return true;
  complain(
    path,
    'is a secret and must name an environment variable, such as "$KNOCK_WEBHOOK_KEY": never write it here',
  );
  return false;
};

const eventName: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  if (WEBHOOK_EVENTS.includes(value)) return true;
  // "sent" alone is message.sent.
  const near = WEBHOOK_EVENTS.find((name) => name.endsWith(`.${value}`)) ?? nearest(value, WEBHOOK_EVENTS);
  const names = near === undefined ? `events are ${WEBHOOK_EVENTS.join(", ")}` : `did you mean "${near}"?`;
  complain(path, `is no event that webhooks have, found ${JSON.stringify(value)}; ${names}`);
  return false;
};

/** At least one name: what is to have no events is left out. */
const someEvents: Shape<string[]> = (value, path, complain): value is string[] => {
  if (!list(eventName)(value, path, complain)) return false;
  if (value.length === 0) complain(path, "must name an event; without the list, all events are sent");
  return value.length > 0;
};

const webhooksShape = list(
  object({ url: webhookUrl, events: optional(someEvents), signing_key: optional(signingKey) }, { closed: true }),
);

/**
 * `webhooks` of `environment.json`. Read apart from the rest of it, because only the local API needs them. Throws
 * `project_invalid` with a pointer per fault.
 */
export function parseWebhooks(raw: readonly unknown[], file: string): Webhook[] {
  const details: ErrorDetail[] = [];
  const value: unknown = raw;
  const fault = (): KnockError => invalidEnvironment(file, details);
  const isRight = webhooksShape(value, ["webhooks"], (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  });
  if (!isRight) throw fault();
  const webhooks = value.map(({ url, events, signing_key }) => ({
    url,
    events: events ?? null,
    signing_key: signing_key == null ? null : variableOf(signing_key),
  }));
  const placeOf = new Map<string, number>();
  for (const [index, { url, events }] of webhooks.entries()) {
    const name = JSON.stringify([url, events]); // what they are told apart by
    const other = placeOf.get(name);
    if (other === undefined) placeOf.set(name, index);
    else {
      const message = `has the same events at webhooks[${other}] already`;
      details.push({ pointer: pointerOf(["webhooks", index, "url"]), message });
    }
  }
  if (details.length > 0) throw fault();
  return webhooks;
}
