import { mergePreferenceSets } from "../../domain/preferences/decide-preferences.js";
import { parsePreferenceSet } from "../../domain/preferences/parse-preference-set.js";
import { ANY_REQUEST, findPreferenceOrigin } from "../../domain/recipient/preference-origins.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import { type RecipientReference, TENANTS, toRecipientKey } from "../../domain/recipient/recipient.js";
import { checkPreferenceSetId } from "../../domain/request/check-ids.js";
import { parseReferenceKey } from "../../domain/request/parse-recipient-key.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { PreferenceOperations } from "../../ports/resource-operations.js";
import type { JsonObject } from "../../util/json.js";
import { getTenantPreferenceDefaults } from "../context/build-scope.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { runCausedWork } from "../run/run-due-work.js";

/** Returns the API's `PreferenceSet`. A section that was never set is null (ACQ-4). */
function serializePreferenceSet(id: string, set: PreferenceSet): JsonObject {
  const { channel_types = null, channels = null, categories = null, workflows = null } = set;
  const { commercial_subscribed = null } = set;
  return { id, workflows, categories, channel_types, channels, commercial_subscribed } as JsonObject;
}

/** Returns preference sets, merged in this order: environment, the tenant for a tenant's set, recipient. */
async function readPreferenceSets(
  context: EngineContext<RecipientStore>,
  recipient: RecipientReference,
  ids: readonly string[] | null,
  tenant: string | null = null,
) {
  const key = parseReferenceKey(recipient);
  const own = (await context.store.readRecipients([key])).get(key)?.preferences ?? {};
  const wanted = ids ?? ["default", ...Object.keys(own).filter((id) => id !== "default")];
  const toTenantKey = (id: string) => toRecipientKey({ id, collection: TENANTS });
  const getTenantId = (id: string) => tenant ?? (id === "default" ? null : id);
  const tenants = await context.store.readRecipients(wanted.flatMap((id) => getTenantId(id) ?? []).map(toTenantKey));
  const { preferences } = await context.definitions.environment();
  return wanted.map((id) => {
    const named = getTenantId(id);
    const defaults = named === null ? null : getTenantPreferenceDefaults(tenants.get(toTenantKey(named)) ?? null);
    const set = Object.hasOwn(own, id) ? own[id] : null;
    return serializePreferenceSet(id, mergePreferenceSets(mergePreferenceSets(preferences, defaults), set));
  });
}

export function createPreferenceOperations(context: EngineContext<DueWorkStore>): PreferenceOperations {
  const read = async (recipient: RecipientReference, id: string, tenant?: string): Promise<JsonObject> => {
    checkPreferenceSetId(id);
    return (await readPreferenceSets(context, recipient, [id], tenant))[0] as JsonObject;
  };
  return {
    list: (recipient) => readPreferenceSets(context, recipient, null),
    read,
    async set(recipient, id, body, by = ANY_REQUEST) {
      checkPreferenceSetId(id);
      const { set, merge } = parsePreferenceSet(body);
      const now = await readTime(context);
      const write = { recipient: parseReferenceKey(recipient), id, set, merge, origin: { by, at: now } };
      await runCausedWork(context, now, await context.store.writePreferenceSets([write], now));
      return read(recipient, id);
    },
    async delete(recipient, id) {
      checkPreferenceSetId(id);
      const removal = { recipient: parseReferenceKey(recipient), id, set: null, merge: false };
      const now = await readTime(context);
      await runCausedWork(context, now, await context.store.writePreferenceSets([removal], now));
    },
    async readOrigin(recipient, id, path) {
      const key = parseReferenceKey(recipient);
      const stored = (await context.store.readRecipients([key])).get(key);
      return stored === undefined ? null : findPreferenceOrigin(stored, id, path);
    },
  };
}
