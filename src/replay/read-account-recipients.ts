import type { PreferenceSets } from "../domain/recipient/preference-set.js";
import {
  type RecipientKey,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  toRecipientReference,
  USERS,
} from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { mapConcurrently } from "./map-concurrently.js";
import { type AccountRun, toKey } from "./read-account-runs.js";

/** A channel whose messages need data of the recipient. The account's ID may differ from that of the project. */
export interface ConnectedChannel {
  accountId: string;
  projectId: string;
}

/** The recipients, actors and tenants of runs, as the account knows them. */
export interface AccountRecipients {
  /** All of them, including those that the account does not know. */
  keys: ReadonlySet<RecipientKey>;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
}

/** Limits the subscribers of an object that are read. */
const MAX_SUBSCRIBERS = 10_000;

/** Returns the properties that were set, without the fields that the API adds. */
function pickProperties({ __typename, id, collection, updated_at, created_at, properties, ...own }: JsonObject) {
  const set: JsonObject = { ...(isJsonObject(properties) ? properties : {}), ...own };
  if (created_at != null) set.created_at = created_at;
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null));
}

function toPreferenceSets(sets: readonly JsonObject[]): PreferenceSets {
  return Object.fromEntries(sets.map(({ __typename, id, ...set }) => [String(id), set as PreferenceSets[string]]));
}

/** Reads the properties of a recipient, or returns null for one that was never identified. */
async function readProperties(resources: ResourceOperations, key: RecipientKey): Promise<JsonObject | null> {
  const { collection, id } = splitRecipientKey(key);
  if (collection === USERS) return resources.users.read(id);
  return collection === TENANTS ? resources.tenants.read(id) : resources.objects.read(collection, id);
}

async function readChannelData(
  resources: ResourceOperations,
  key: RecipientKey,
  channels: readonly ConnectedChannel[],
): Promise<Record<string, JsonObject>> {
  const found: Record<string, JsonObject> = {};
  for (const { accountId, projectId } of channels) {
    const entry = await resources.channelData.read(toRecipientReference(key), accountId);
    if (isJsonObject(entry?.data)) found[projectId] = entry.data;
  }
  return found;
}

async function readRecipient(
  resources: ResourceOperations,
  key: RecipientKey,
  channels: readonly ConnectedChannel[],
): Promise<RecipientUpsert[]> {
  const document = await readProperties(resources, key);
  if (document === null) return [];
  const properties = pickProperties(document);
  // The preferences of a tenant are part of its settings.
  if (splitRecipientKey(key).collection === TENANTS) return [{ key, properties }];
  return [
    {
      key,
      properties,
      preferences: toPreferenceSets(await resources.preferences.list(toRecipientReference(key))),
      channel_data: await readChannelData(resources, key, channels),
    },
  ];
}

/**
 * Reads the subscriptions through which runs were started, and notes them in these runs. A subscriber without a run in the
 * range was added later.
 */
async function readSubscriptions(
  { subscriptions }: ResourceOperations,
  runs: readonly AccountRun[],
): Promise<Subscription[]> {
  const found = new Map<string, Subscription>();
  const isObject = (key: RecipientKey): boolean => ![USERS, TENANTS].includes(splitRecipientKey(key).collection);
  for (const object of new Set(runs.map(({ recipientRun }) => recipientRun.recipient).filter(isObject))) {
    const reached = new Set(runs.filter(({ recipientRun }) => recipientRun.recipient === object).map(({ run }) => run));
    const listed = await subscriptions.list({ object: splitRecipientKey(object) }, { limit: MAX_SUBSCRIBERS });
    const byRecipient = new Map(listed.items.map((item) => [toKey(toReference(item.recipient)), item.properties]));
    for (const { run, recipientRun } of runs) {
      const { recipient } = recipientRun;
      if (recipient === object || !reached.has(run) || !byRecipient.has(recipient)) continue;
      const properties = byRecipient.get(recipient);
      recipientRun.via ??= { object, recipient, properties: isJsonObject(properties) ? properties : {} };
      found.set(`${object} ${recipient}`, recipientRun.via);
    }
  }
  return [...found.values()];
}

/** Returns the reference to a recipient that the API may have expanded. */
const toReference = (value: JsonObject[string] | undefined): JsonObject[string] | undefined =>
  isJsonObject(value) && typeof value.collection !== "string" ? String(value.id) : value;

/** Reads the recipients, actors and tenants of runs, each once. */
export async function readAccountRecipients(
  resources: ResourceOperations,
  runs: readonly AccountRun[],
  channels: readonly ConnectedChannel[],
  setProgress: (text: string) => void,
): Promise<AccountRecipients> {
  const keys = new Set<RecipientKey>();
  for (const { run, recipientRun } of runs) {
    keys.add(recipientRun.recipient);
    if (run.actor !== null) keys.add(run.actor);
    if (run.tenant !== null) keys.add(toRecipientKey({ collection: TENANTS, id: run.tenant }));
  }
  let read = 0;
  const recipients = await mapConcurrently([...keys], async (key) => {
    const found = await readRecipient(resources, key, channels);
    setProgress(`reading the account: ${++read} of ${keys.size} recipients`);
    return found;
  });
  return { keys, recipients: recipients.flat(), subscriptions: await readSubscriptions(resources, runs) };
}
