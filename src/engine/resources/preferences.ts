import { parsePreferenceSet } from "../../domain/preferences/parse-preference-set.js";
import { mergePreferenceSets } from "../../domain/preferences/preferences.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import { keyOf, type RecipientReference, TENANTS } from "../../domain/recipient/recipient.js";
import { idFault } from "../../domain/recipient/recipient-id.js";
import { invalidParams } from "../../domain/shape/invalid-params.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { PreferenceOperations } from "../../ports/resources.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { tenantDefaults } from "../context/scope.js";
import { runNews } from "../run/due-work.js";

/** The API's `PreferenceSet`; a section nobody set is null (ACQ-4). */
function preferenceSetShape(id: string, set: PreferenceSet): JsonObject {
  const { channel_types = null, channels = null, categories = null, workflows = null } = set;
  const { commercial_subscribed = null } = set;
  return { id, workflows, categories, channel_types, channels, commercial_subscribed } as JsonObject;
}

function checkSetId(id: string): void {
  const fault = idFault(id);
  if (fault !== null) throw invalidParams("the preference set's id", [{ pointer: "/id", message: fault, value: id }]);
}

/** Environment, then for a tenant's set the tenant, then the recipient. */
async function readSets(
  context: EngineContext<RecipientStore>,
  recipient: RecipientReference,
  ids: readonly string[] | null,
  tenant: string | null = null,
) {
  const key = keyOf(recipient);
  const own = (await context.store.readRecipients([key])).get(key)?.preferences ?? {};
  const wanted = ids ?? ["default", ...Object.keys(own).filter((id) => id !== "default")];
  const tenantKey = (id: string) => keyOf({ id, collection: TENANTS });
  const tenantOf = (id: string) => tenant ?? (id === "default" ? null : id);
  const tenants = await context.store.readRecipients(wanted.flatMap((id) => tenantOf(id) ?? []).map(tenantKey));
  const { preferences } = await context.definitions.environment();
  return wanted.map((id) => {
    const named = tenantOf(id);
    const defaults = named === null ? null : tenantDefaults(tenants.get(tenantKey(named)) ?? null);
    const set = Object.hasOwn(own, id) ? own[id] : null;
    return preferenceSetShape(id, mergePreferenceSets(mergePreferenceSets(preferences, defaults), set));
  });
}

export function preferenceOperations(context: EngineContext<DueWorkStore>): PreferenceOperations {
  const read = async (recipient: RecipientReference, id: string, tenant?: string): Promise<JsonObject> => {
    checkSetId(id);
    return (await readSets(context, recipient, [id], tenant))[0] as JsonObject;
  };
  return {
    list: (recipient) => readSets(context, recipient, null),
    read,
    async set(recipient, id, body) {
      checkSetId(id);
      const { set, merge } = parsePreferenceSet(body);
      const now = await readTime(context);
      await context.store.writePreferenceSets([{ recipient: keyOf(recipient), id, set, merge }], now);
      await runNews(context, now);
      return read(recipient, id);
    },
    async delete(recipient, id) {
      checkSetId(id);
      const removal = { recipient: keyOf(recipient), id, set: null, merge: false };
      const now = await readTime(context);
      await context.store.writePreferenceSets([removal], now);
      await runNews(context, now);
    },
  };
}
