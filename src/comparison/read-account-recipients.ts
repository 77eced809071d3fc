import type { Environment } from "../domain/environment/environment.js";
import { hasTrait } from "../domain/message/channel-types.js";
import type { PreferenceSets } from "../domain/recipient/preference-set.js";
import {
  type RecipientKey,
  type RecipientReference,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  toRecipientReference,
  USERS,
} from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import { normalizeCreatedAt } from "../domain/recipient/typed-properties.js";
import { parseRecipientReference } from "../domain/run/message-outcomes.js";
import { KnockError } from "../errors/knock-error.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { Semaphore } from "../util/semaphore.js";

const MAX_CONCURRENT_RECIPIENTS = 5;
const PAGE_SIZE = 50;
/** The status for an ID that no channel of the account has. */
const UNPROCESSABLE = 422;

/** Fields of the API that are not properties of the recipient. */
const RESPONSE_FIELDS: ReadonlySet<string> = new Set(["__typename", "id", "collection", "updated_at"]);

/** The data of recipients on the account. Recipients that do not exist there are absent. */
export interface AccountRecipients {
  recipients: Map<RecipientKey, RecipientUpsert>;
  subscriptions: Subscription[];
  /** Gaps in the data, one sentence each. */
  notes: string[];
}

/** Returns the properties of the API's user, object or tenant. The API returns null for a property that is not set. */
function getProperties(key: RecipientKey, body: JsonObject): JsonObject {
  const isObject = ![USERS, TENANTS].includes(splitRecipientKey(key).collection);
  const properties = isObject && isJsonObject(body.properties) ? body.properties : body;
  const own = Object.entries({ created_at: body.created_at ?? null, ...properties });
  return normalizeCreatedAt(
    Object.fromEntries(own.filter(([name, value]) => !RESPONSE_FIELDS.has(name) && value !== null)),
  );
}

/** Returns the sets by ID. Parts that were never set are null in the API. */
function toPreferenceSets(sets: readonly JsonObject[]): PreferenceSets {
  return Object.fromEntries(
    sets.map(({ id, __typename: _typename, ...set }) => [
      String(id),
      Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null)),
    ]),
  );
}

interface AccountReaderOptions {
  /** Limits the recipients, because each one takes several requests. */
  maxRecipients: number;
  /** Whether the recipients of subscriptions are also read. */
  readsSubscribers: boolean;
  /** The account's IDs of channels by their key, if they may differ from those in environment.json. */
  channelIds?: ReadonlyMap<string, string>;
  onRead?: () => void;
}

/** Limits the recipients of one command, because each one takes several requests. */
export const MAX_ACCOUNT_RECIPIENTS = 1_000;

const DEFAULT_OPTIONS: AccountReaderOptions = { maxRecipients: MAX_ACCOUNT_RECIPIENTS, readsSubscribers: true };

/** Returns the error for more recipients than a command reads from the account. */
export function createTooManyRecipientsError(maxRecipients: number): KnockError {
  return new KnockError("usage", `more than ${maxRecipients.toLocaleString("en-US")} recipients to read`, {
    hint: "Name fewer recipients, or an object with fewer subscribers.",
  });
}

/** Reads recipients of a target, with GET requests only. */
export class RecipientReader {
  private readonly permits = new Semaphore(MAX_CONCURRENT_RECIPIENTS);
  /** The keys of the channels that need channel data, by ID. */
  private readonly channels: ReadonlyMap<string, string>;
  /** The IDs of channels that the account does not have. */
  private readonly unknownChannels = new Set<string>();

  constructor(
    private readonly resources: ResourceOperations,
    environment: Environment,
    private readonly channelIds: ReadonlyMap<string, string> = new Map(),
  ) {
    const channels = Object.values(environment.channels).filter((channel) => channel !== null);
    this.channels = new Map(
      channels
        .filter(({ type }) => hasTrait(type, "hasDevices") || hasTrait(type, "hasConnections"))
        .map(({ id, key }) => [id, key]),
    );
  }

  /** Returns a sentence for each channel that the account does not have. */
  listNotes(): string[] {
    return [...this.unknownChannels].map(
      (id) =>
        `the account has no channel with the ID of ${this.channels.get(id)} in environment.json, so no recipient has channel data for it`,
    );
  }

  async readRecipient(key: RecipientKey): Promise<RecipientUpsert | null> {
    const release = await this.permits.acquire();
    try {
      const body = await this.readBody(key);
      if (body === null) return null;
      const reference = toRecipientReference(key);
      const channel_data: Record<string, JsonObject> = {};
      for (const id of this.channels.keys()) {
        const data = await this.readChannelData(reference, id);
        if (data !== null) channel_data[id] = data;
      }
      // The defaults of a tenant are among its properties.
      const isTenant = splitRecipientKey(key).collection === TENANTS;
      const preferences = isTenant ? {} : toPreferenceSets(await this.resources.preferences.list(reference));
      return { key, properties: getProperties(key, body), preferences, channel_data };
    } finally {
      release();
    }
  }

  /** Reads the subscriptions to an object, page by page. */
  async *listSubscriptions(object: RecipientKey): AsyncGenerator<Subscription[]> {
    const scope = { object: splitRecipientKey(object) };
    for (let after: string | undefined; ; ) {
      const page = await this.resources.subscriptions.list(scope, { limit: PAGE_SIZE, after });
      yield page.items.map(({ recipient, properties }) => ({
        object,
        recipient: toRecipientKey(parseRecipientReference(recipient)),
        properties: isJsonObject(properties) ? properties : {},
      }));
      if (page.page_info.after === null) return;
      after = page.page_info.after;
    }
  }

  private async readChannelData(recipient: RecipientReference, id: string): Promise<JsonObject | null> {
    if (this.unknownChannels.has(id)) return null;
    try {
      const accountId = this.channelIds.get(this.channels.get(id) ?? "") ?? id;
      const data = (await this.resources.channelData.read(recipient, accountId))?.data;
      return isJsonObject(data) ? data : null;
    } catch (error) {
      if (!(error instanceof KnockError) || error.status !== UNPROCESSABLE) throw error;
      this.unknownChannels.add(id);
      return null;
    }
  }

  private readBody(key: RecipientKey): Promise<JsonObject | null> {
    const { collection, id } = splitRecipientKey(key);
    if (collection === USERS) return this.resources.users.read(id);
    return collection === TENANTS ? this.resources.tenants.read(id) : this.resources.objects.read(collection, id);
  }
}

/**
 * Reads what the account knows about recipients: properties, preferences and channel data, and for objects the
 * subscriptions and their recipients. Throws `usage` for more than `maxRecipients`, by default 1,000.
 */
export async function readAccountRecipients(
  resources: ResourceOperations,
  wanted: Iterable<RecipientKey>,
  environment: Environment,
  options: AccountReaderOptions = DEFAULT_OPTIONS,
): Promise<AccountRecipients> {
  const { maxRecipients, readsSubscribers, channelIds, onRead } = options;
  const reader = new RecipientReader(resources, environment, channelIds);
  const recipients = new Map<RecipientKey, RecipientUpsert>();
  const subscriptions: Subscription[] = [];
  const known = new Set<RecipientKey>(wanted);
  for (let next = [...known]; next.length > 0; ) {
    if (known.size > maxRecipients) throw createTooManyRecipientsError(maxRecipients);
    const readOne = async (key: RecipientKey): Promise<RecipientUpsert | null> => {
      const recipient = await reader.readRecipient(key);
      onRead?.();
      return recipient;
    };
    const read = await Promise.all(next.map(readOne));
    for (const recipient of read) if (recipient !== null) recipients.set(recipient.key, recipient);
    const subscribers: RecipientKey[] = [];
    for (const recipient of read) {
      if (recipient === null || [USERS, TENANTS].includes(splitRecipientKey(recipient.key).collection)) continue;
      let count = 0;
      for await (const page of reader.listSubscriptions(recipient.key)) {
        subscriptions.push(...page);
        if (readsSubscribers) for (const { recipient: key } of page) if (!known.has(key)) subscribers.push(key);
        count += page.length;
        if (count > maxRecipients) break;
      }
    }
    next = [...new Set(subscribers)];
    for (const key of next) known.add(key);
  }
  return { recipients, subscriptions, notes: reader.listNotes() };
}
