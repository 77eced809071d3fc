import { type Environment, getChannelId } from "../../domain/environment/environment.js";
import {
  type RecipientKey,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { FanOutState } from "../../domain/run/fan-out-state.js";
import type { Parties, Trigger } from "../../domain/trigger/trigger.js";
import { isUuid } from "../../util/ids.js";

/** One listing per recipient: the first one's `$trigger_data` counts (EQ-11). */
export function collectDistinctRecipients(trigger: Trigger): FanOutState["listed"] {
  const seen = new Map<RecipientKey, FanOutState["listed"][number]>();
  for (const { key, trigger_data } of trigger.recipients) if (!seen.has(key)) seen.set(key, { key, trigger_data });
  return [...seen.values()];
}

/** A trigger before any of its recipients has a run: the listed ones first, then the subscribers of objects among them. */
export function buildFanOut(listed: FanOutState["listed"]): FanOutState {
  const objects = listed.filter(({ key }) => splitRecipientKey(key).collection !== USERS);
  return { listed, objects: objects.map(({ key }) => ({ key, depth: 1 })), after: null };
}

/** Channel data is stored under the channel's id, whichever of key and id the caller wrote. */
export function resolveChannelDataIds(upsert: RecipientUpsert, environment: Environment): RecipientUpsert {
  if (!upsert.channel_data) return upsert;
  const ids = new Set(Object.values(environment.channels).map((channel) => channel?.id));
  const byId = Object.entries(upsert.channel_data).map(
    ([name, data]) =>
      [isUuid(name) || ids.has(name) ? name : (environment.channels[name]?.id ?? getChannelId(name)), data] as const,
  );
  return { ...upsert, channel_data: Object.fromEntries(byId) };
}

/** Everyone a trigger identifies inline, in order; a tenant named by its id is found or created (E-035, E-047). */
export function collectInlineUpserts(trigger: Parties, environment: Environment): RecipientUpsert[] {
  const { recipients, actor, tenant } = trigger;
  const upserts = [...recipients.map(({ upsert }) => upsert), actor?.upsert ?? null, tenant?.upsert ?? null].filter(
    (upsert) => upsert !== null,
  );
  if (tenant && !tenant.upsert)
    upserts.push({ key: toRecipientKey({ id: tenant.id, collection: TENANTS }), properties: {} });
  return upserts.map((upsert) => resolveChannelDataIds(upsert, environment));
}
