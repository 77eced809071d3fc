import type { ProviderEvent } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents, toObject } from "../../vendor-events.js";
import { checkAge, checkHmac, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, ProviderEvent["type"]>> = {
  "email.delivered": "delivered",
  "email.bounced": "bounced",
  "email.suppressed": "bounced",
  "email.failed": "undelivered",
  "email.complained": "complained",
  "email.opened": "opened",
  "email.clicked": "clicked",
};

/** Returns the reason of a failure, by the object that the type of the event has. */
const getReason = ({ bounce, suppressed, failed }: JsonObject): string =>
  toPlainText(toObject(bounce).message ?? toObject(suppressed).message ?? toObject(failed).reason);

/** Reads an event. Its signatures follow Standard Webhooks: one of them has to be valid (CH-099). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  const [id, timestamp, list] = ["svix-id", "svix-timestamp", "svix-signature"].map((name) =>
    requireHeader(webhook, name),
  ) as [string, string, string];
  const signatures = list.split(" ").flatMap((signature) => /^v1,(.*)$/.exec(signature)?.[1] ?? []);
  const key = Buffer.from(settings.required("webhook_signing_key").replace(/^whsec_/, ""), "base64");
  checkHmac(signatures, `${id}.${timestamp}.${webhook.body}`, key, "sha256", "base64");
  checkAge(timestamp, now());
  const { type, created_at, data } = parseJsonObject(webhook.body) ?? {};
  const details = toObject(data);
  if (toObject(details.bounce).type === "Transient") return [];
  return toEvents(definition, {
    type: TYPES[toPlainText(type)],
    message_id: toObject(details.tags).knock_message_id,
    at: Date.parse(toPlainText(created_at)),
    reason: getReason(details),
    url: toObject(details.click).link,
  });
};
