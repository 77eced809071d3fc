import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { catchKnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import type { PendingQuery } from "./pending-query.js";
import { MAX_SUBSCRIPTIONS, type StoreLookup, type StoreLookups } from "./store-lookups.js";

/** The parts of the engine that resolve lookups. */
interface LookupContext {
  store: Pick<RecipientStore, "readRecipients"> & Pick<SubscriptionStore, "listSubscriptions">;
  definitions: Pick<Definitions, "translations">;
}

type StoreLookupQuery = Extract<PendingQuery, { kind: "store_lookups" }>;

/**
 * Resolves the store lookups of many runs with few reads. Returns a function that gives each query its results,
 * together with the results it already had.
 */
export async function resolveStoreLookups(
  { store, definitions }: LookupContext,
  queries: readonly PendingQuery[],
): Promise<(query: StoreLookupQuery) => StoreLookups> {
  const lookups = queries.flatMap((query) => (query.kind === "store_lookups" ? query.missing : []));
  const collectKeys = (of: StoreLookup["of"]): RecipientKey[] => [
    ...new Set(lookups.flatMap((lookup) => (lookup.of === of && "key" in lookup ? [lookup.key] : []))),
  ];
  const [keys, subscribers] = [collectKeys("recipient"), collectKeys("subscriptions")];
  const translations = lookups.some(({ of }) => of === "translations")
    ? await catchKnockError(definitions.translations())
    : null;
  const pages = await Promise.all(
    subscribers.map((recipient) => store.listSubscriptions({ recipient }, { limit: MAX_SUBSCRIPTIONS })),
  );
  const objects = pages.flatMap(({ items }) => items.map(({ object }) => object));
  const allKeys = [...new Set([...keys, ...objects])];
  const read = allKeys.length === 0 ? new Map<RecipientKey, Recipient>() : await store.readRecipients(allKeys);
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
  return ({ lookups: known }) => ({
    recipients: new Map([...known.recipients, ...recipients]),
    subscriptions: new Map([...known.subscriptions, ...subscriptions]),
    translations: translations ?? known.translations,
  });
}
