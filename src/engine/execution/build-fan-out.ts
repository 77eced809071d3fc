import { type Environment, getChannelId } from "../../domain/environment/environment.js";
import {
  collectDistinctRecipients,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { FanOutState } from "../../domain/run/fan-out-state.js";
import type { Parties, Trigger } from "../../domain/trigger/trigger.js";
import { isUuid } from "../../util/ids.js";

/**
 * Builds the state of a fan-out before any recipient has a run: first the listed recipients, each with the
 * `$trigger_data` of its first entry, then the subscribers of the objects among them.
 */
export function buildFanOut(recipients: Trigger["recipients"]): FanOutState {
  const listed = collectDistinctRecipients(recipients).map(({ key, trigger_data }) => ({ key, trigger_data }));
  const objects = listed.filter(({ key }) => splitRecipientKey(key).collection !== USERS);
  return { listed, objects: objects.map(({ key }) => ({ key, depth: 1 })), after: null };
}

/** Replaces channel keys in channel data by channel ids, under which the data is stored. Ids stay unchanged. */
export function resolveChannelDataIds(upsert: RecipientUpsert, environment: Environment): RecipientUpsert {
  if (!upsert.channel_data) return upsert;
  const { channels } = environment;
  const toId = (name: string): string => {
    if (isUuid(name)) return name;
    const channel = channels[name] ?? Object.values(channels).find((declared) => declared?.id === name);
    return channel?.id ?? getChannelId(name);
  };
  const byId = Object.entries(upsert.channel_data).map(([name, data]) => [toId(name), data] as const);
  return { ...upsert, channel_data: Object.fromEntries(byId) };
}

/**
 * Returns the upserts of all recipients that a trigger identifies inline, in order. A tenant that is named by its id is
 * found or created (E-035, E-047).
 */
export function collectInlineUpserts(trigger: Parties, environment: Environment): RecipientUpsert[] {
  const { recipients, actor, tenant } = trigger;
  const upserts = [...recipients.map(({ upsert }) => upsert), actor?.upsert ?? null, tenant?.upsert ?? null].filter(
    (upsert) => upsert !== null,
  );
  if (tenant && !tenant.upsert)
    upserts.push({ key: toRecipientKey({ id: tenant.id, collection: TENANTS }), properties: {} });
  return upserts.map((upsert) => resolveChannelDataIds(upsert, environment));
}
