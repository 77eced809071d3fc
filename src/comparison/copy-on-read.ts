import { type RecipientKey, type RecipientUpsert, splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import type { Seed } from "../ports/seed-store.js";
import type { Store } from "../ports/store.js";
import type { RecordedMembership } from "./recorded-history.js";

const CHUNK_SIZE = 500;
/** No recipients file has this name. */
const SEED_FILE_NAME = "(replay)";

type Membership = Omit<RecordedMembership, "wasMember">;

/** Copies recipients of a store to the store of a replay: properties, preferences, channel data, audiences. */
class RecipientCopy {
  private readonly copied = new Set<RecipientKey>();
  /** The copy in progress. The next one waits for it, because both may need the same recipient. */
  private copying: Promise<void> = Promise.resolve();

  constructor(
    private readonly source: Store,
    private readonly target: Store,
    /** The changes of audiences that the replay repeats, in order of time. */
    private readonly changes: readonly RecordedMembership[],
    private readonly at: number,
  ) {}

  copy(keys: readonly RecipientKey[]): Promise<void> {
    this.copying = this.copying.then(() => this.copyMissing(keys));
    return this.copying;
  }

  private async copyMissing(keys: readonly RecipientKey[]): Promise<void> {
    const missing = [...new Set(keys)].filter((key) => !this.copied.has(key));
    for (let start = 0; start < missing.length; start += CHUNK_SIZE) {
      const chunk = missing.slice(start, start + CHUNK_SIZE);
      for (const key of chunk) this.copied.add(key);
      const recipients = [...(await this.source.readRecipients(chunk)).values()].map(
        ({ key, properties, preferences, channel_data }): RecipientUpsert => ({
          key,
          properties,
          preferences,
          channel_data,
        }),
      );
      const audiences = await this.readAudiences(chunk.filter((key) => splitRecipientKey(key).collection === USERS));
      // The digest must differ from that of the chunk before, because a seed is applied once.
      const digest = String(this.copied.size);
      await this.target.applySeeds(
        [{ file: SEED_FILE_NAME, digest, recipients, subscriptions: [], audiences }],
        this.at,
      );
    }
  }

  /** Reads the memberships of users before the changes that the replay repeats. */
  private async readAudiences(users: readonly RecipientKey[]): Promise<Seed["audiences"]> {
    const members = new Map<string, Membership>();
    const toKey = ({ audience, recipient, tenant }: Membership): string =>
      JSON.stringify([audience, recipient, tenant]);
    for (const [recipient, memberships] of await this.source.readMemberships(users))
      for (const { audience, tenant } of memberships) {
        const member = { audience, recipient, tenant };
        members.set(toKey(member), member);
      }
    const isUser = new Set(users);
    for (const { wasMember, ...member } of this.changes.toReversed()) {
      if (wasMember && isUser.has(member.recipient)) members.set(toKey(member), member);
      else members.delete(toKey(member));
    }
    const audiences = new Map<string, Seed["audiences"][number]>();
    for (const { audience: key, recipient, tenant } of members.values()) {
      const known = audiences.get(key) ?? { key, members: [] };
      known.members.push({ recipient, tenant });
      audiences.set(key, known);
    }
    return [...audiences.values()];
  }
}

/**
 * Returns the store of a replay, which copies a recipient of another store when it is first read: a template or a step can read any.
 * Subscriptions are those of the other store, because no step changes them. `at` is the time of the first trigger.
 */
export function copyOnRead(
  source: Store,
  target: Store,
  memberships: readonly RecordedMembership[],
  at: number,
): Store {
  const copy = new RecipientCopy(source, target, memberships, at);
  const replaced: Partial<Store> = {
    async readRecipients(keys) {
      await copy.copy(keys);
      return target.readRecipients(keys);
    },
    async readMemberships(users) {
      await copy.copy(users);
      return target.readMemberships(users);
    },
    listSubscribers: (...page) => source.listSubscribers(...page),
    listSubscriptions: (...page) => source.listSubscriptions(...page),
  };
  return new Proxy(target, {
    get(store, name) {
      const value: unknown = Reflect.get(replaced, name) ?? Reflect.get(store, name, store);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}
