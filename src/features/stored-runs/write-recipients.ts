import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { Environment } from "../../domain/environment/environment.js";
import {
  formatRecipient,
  type RecipientKey,
  splitRecipientKey,
  TENANTS,
  toRecipientReference,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Json, JsonObject } from "../../util/json.js";

/** The recipients that a scenario gives. */
export type GivenRecipients = Pick<Seed, "recipients" | "subscriptions" | "audiences">;

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Writes the names of recipients in scenarios. */
export class RecipientNames {
  constructor(private readonly filter: DataFilter) {}

  /** Returns a user ID, or the reference to an object. */
  toReference(key: RecipientKey): Json {
    return this.filter.filterRecipient(toRecipientReference(key));
  }

  /** Returns a user ID, or `<collection>/<id>`. */
  toName(key: RecipientKey): string {
    return formatRecipient(this.toReference(key));
  }
}

/** Returns channel data by key of the channel, because IDs of channels say nothing to a reader. */
function nameChannels(data: Record<string, JsonObject>, { channels }: Environment): JsonObject {
  const keys = new Map(
    Object.values(channels).flatMap((channel) => (channel === null ? [] : [[channel.id, channel.key]])),
  );
  return Object.fromEntries(Object.entries(data).map(([id, value]) => [keys.get(id) ?? id, value]));
}

/** Returns recipients as a file of `recipients/` contains them. */
export function writeRecipients(
  { recipients, subscriptions, audiences }: GivenRecipients,
  filter: DataFilter,
  environment: Environment,
): JsonObject {
  const names = new RecipientNames(filter);
  const lists: Record<"users" | "objects" | "tenants", Json[]> = { users: [], objects: [], tenants: [] };
  for (const { key, properties, preferences = {}, channel_data = {} } of recipients) {
    const { collection } = splitRecipientKey(key);
    const list = collection === USERS ? "users" : collection === TENANTS ? "tenants" : "objects";
    const reference = names.toReference(key);
    const { id, ...rest } = typeof reference === "object" ? (reference as JsonObject) : { id: reference };
    lists[list].push({
      id: id as Json,
      ...(list === "objects" ? rest : {}),
      ...filter.filterJson(properties),
      ...(isEmpty(preferences) ? {} : { preferences: filter.filterJson(preferences as JsonObject) }),
      ...(isEmpty(channel_data) ? {} : { channel_data: filter.filterJson(nameChannels(channel_data, environment)) }),
    });
  }
  const subscribed = subscriptions.map(({ object, recipient, properties }) => ({
    object: names.toReference(object),
    recipient: names.toReference(recipient),
    ...(isEmpty(properties) ? {} : { properties: filter.filterJson(properties) }),
  }));
  const members = audiences.map(({ key, members: list }): [string, Json] => [
    key,
    list.map(({ recipient, tenant }) => {
      const user = names.toReference(recipient);
      return tenant === null ? user : { user, tenant: filter.filterText(tenant) };
    }),
  ]);
  return {
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(subscribed.length === 0 ? {} : { subscriptions: subscribed }),
    ...(members.length === 0 ? {} : { audiences: Object.fromEntries(members) }),
  };
}

/** Returns the audiences of several seeds, each with all of its members. */
export function joinSeeds(seeds: readonly Seed[]): GivenRecipients {
  const audiences = new Map<string, Seed["audiences"][number]>();
  for (const { key, members } of seeds.flatMap((seed) => seed.audiences))
    audiences.set(key, { key, members: [...(audiences.get(key)?.members ?? []), ...members] });
  return {
    recipients: seeds.flatMap(({ recipients }) => recipients),
    subscriptions: seeds.flatMap(({ subscriptions }) => subscriptions),
    audiences: [...audiences.values()],
  };
}
