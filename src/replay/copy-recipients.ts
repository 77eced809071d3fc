import {
  type RecipientKey,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import type { RecordedTrigger } from "../domain/replay/recorded-history.js";
import type { AudienceStore } from "../ports/audience-store.js";
import type { RecipientStore } from "../ports/recipient-store.js";
import type { Seed, SeedStore } from "../ports/seed-store.js";
import type { SubscriptionStore } from "../ports/subscription-store.js";

const CHUNK_SIZE = 500;
/** No recipients file has this name. */
const SEED_FILE_NAME = "(replay)";

type Source = AudienceStore & RecipientStore & SubscriptionStore;

/** Returns the recipients, actors and tenants that triggers name. */
function listParties(triggers: readonly RecordedTrigger[]): Set<RecipientKey> {
  const keys = new Set<RecipientKey>();
  for (const { trigger } of triggers) {
    for (const { key } of trigger.recipients) keys.add(key);
    if (trigger.actor) keys.add(trigger.actor.key);
    if (trigger.tenant) keys.add(toRecipientKey({ collection: TENANTS, id: trigger.tenant.id }));
  }
  return keys;
}

/** Adds the subscribers of objects, and those of objects that subscribe, to `keys`. Returns the subscriptions. */
async function followSubscriptions(source: Source, keys: Set<RecipientKey>): Promise<Subscription[]> {
  const subscriptions: Subscription[] = [];
  // The loop also visits the keys that it adds.
  for (const key of keys) {
    if ([USERS, TENANTS].includes(splitRecipientKey(key).collection)) continue;
    for (let after: number | null = null; ; ) {
      const page: { items: Subscription[]; next: number | null } = await source.listSubscribers(key, after, CHUNK_SIZE);
      for (const subscription of page.items) {
        subscriptions.push(subscription);
        keys.add(subscription.recipient);
      }
      if (page.next === null) break;
      after = page.next;
    }
  }
  return subscriptions;
}

async function readAudiences(source: Source, users: readonly RecipientKey[]): Promise<Seed["audiences"]> {
  const audiences = new Map<string, Seed["audiences"][number]>();
  for (const [recipient, memberships] of await source.readMemberships(users))
    for (const { audience: key, tenant } of memberships) {
      const known = audiences.get(key) ?? { key, members: [] };
      known.members.push({ recipient, tenant });
      audiences.set(key, known);
    }
  return [...audiences.values()];
}

/** Copies what a store knows about the recipients of triggers: properties, preferences, channel data, subscriptions, audiences. */
export async function copyRecipients(
  source: Source,
  target: SeedStore,
  triggers: readonly RecordedTrigger[],
  at: number,
): Promise<void> {
  const keys = listParties(triggers);
  const subscriptions = await followSubscriptions(source, keys);
  const all = [...keys];
  for (let start = 0; start < all.length; start += CHUNK_SIZE) {
    const chunk = all.slice(start, start + CHUNK_SIZE);
    const recipients = [...(await source.readRecipients(chunk)).values()].map(
      ({ key, properties, preferences, channel_data }): RecipientUpsert => ({
        key,
        properties,
        preferences,
        channel_data,
      }),
    );
    const users = chunk.filter((key) => splitRecipientKey(key).collection === USERS);
    const audiences = await readAudiences(source, users);
    // The digest must differ from that of the chunk before, because a seed is applied once.
    const seed = { file: SEED_FILE_NAME, digest: String(start), recipients, subscriptions: [], audiences };
    await target.applySeeds([seed], at);
  }
  const seed = { file: SEED_FILE_NAME, digest: "subscriptions", recipients: [], subscriptions, audiences: [] };
  await target.applySeeds([seed], at);
}
