import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import type { EngineContext } from "./engine-context.js";
import { orFault } from "./fault.js";
import type { Need } from "./need.js";
import { MAX_READ_SUBSCRIPTIONS, type Reading, type Readings } from "./readings.js";

type ReadingsNeed = Extract<Need, { kind: "readings" }>;

/** Reads at once what the templates of many runs asked for; each is answered with that and what it knew before. */
export async function answerReadings(
  { store, definitions }: EngineContext<RecipientStore & SubscriptionStore>,
  needs: readonly Need[],
): Promise<(need: ReadingsNeed) => Readings> {
  const asked = needs.flatMap((need) => (need.kind === "readings" ? need.wanted : []));
  const keysOf = (of: Reading["of"]): RecipientKey[] => [
    ...new Set(asked.flatMap((reading) => (reading.of === of && "key" in reading ? [reading.key] : []))),
  ];
  const [keys, subscribers] = [keysOf("recipient"), keysOf("subscriptions")];
  const translations = asked.some(({ of }) => of === "translations") ? await orFault(definitions.translations()) : null;
  const pages = await Promise.all(
    subscribers.map((recipient) => store.listSubscriptions({ recipient }, { limit: MAX_READ_SUBSCRIPTIONS })),
  );
  const objects = pages.flatMap(({ items }) => items.map(({ object }) => object));
  const all = [...new Set([...keys, ...objects])];
  const read = all.length === 0 ? new Map<RecipientKey, Recipient>() : await store.readRecipients(all);
  const subscriptions = new Map(
    subscribers.map((key, index) => [
      key,
      (pages[index]?.items ?? []).map((subscription) => ({
        subscription,
        object: read.get(subscription.object) ?? null,
      })),
    ]),
  );
  const recipients = new Map(keys.map((key) => [key, read.get(key) ?? null]));
  return ({ known }) => ({
    recipients: new Map([...known.recipients, ...recipients]),
    subscriptions: new Map([...known.subscriptions, ...subscriptions]),
    translations: translations ?? known.translations,
  });
}
