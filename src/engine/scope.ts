import type { Environment } from "../domain/environment.js";
import type { PreferenceSet } from "../domain/preference-set.js";
import { resolvePreferenceSet } from "../domain/preferences.js";
import { type Recipient, splitKey, USERS } from "../domain/recipient.js";
import type { Workflow } from "../domain/workflow.js";
import type { RecipientRun, WorkflowRun } from "../domain/workflow-run.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { RenderScope } from "./render/liquid.js";

/** The people and things of a run, as they are stored at the moment of a step (EQ-15). */
export interface RunParties {
  recipient: Recipient;
  actor: Recipient | null;
  tenant: Recipient | null;
  /** The object of the subscription the recipient was reached through. */
  subscribedObject: Recipient | null;
}

export interface ScopeInput extends RunParties {
  run: WorkflowRun;
  recipientRun: RecipientRun;
  workflow: Workflow;
  environment: Environment;
}

const DEFAULT_BRANDING = {
  primary_color: "#000000",
  primary_color_contrast: "#FFFFFF",
  dark_primary_color: "#FFFFFF",
  dark_primary_color_contrast: "#000000",
};

/** A recipient as templates and conditions see it (E-075, T-010). */
export function recipientView(recipient: Recipient): JsonObject {
  const { collection, id } = splitKey(recipient.key);
  const view: JsonObject = { ...recipient.properties, id, updated_at: new Date(recipient.updated_at).toISOString() };
  view.__typename = collection === USERS ? "User" : "Object";
  view.created_at = recipient.properties.created_at ?? null;
  if (collection !== USERS) view.collection = collection;
  return view;
}

function tenantSettings(tenant: Recipient | null): JsonObject {
  const settings = tenant?.properties.settings;
  return isJsonObject(settings) ? settings : {};
}

/** The tenant's own preference defaults (E-140), null where it has none. */
export function tenantDefaults(tenant: Recipient | null): PreferenceSet | null {
  const set = tenantSettings(tenant).preference_set;
  return isJsonObject(set) ? (set as PreferenceSet) : null;
}

/** A tenant as templates see it (E-076, T-015). */
function tenantView(tenant: Recipient): JsonObject {
  const settings = tenantSettings(tenant);
  const branding = settings.branding ?? {};
  return {
    ...recipientView(tenant),
    settings: { ...settings, preferences: settings.preference_set ?? {}, branding },
  };
}

/** `vars` (E-083 to E-086, T-170 to T-172): the tenant's branding over the account's over the defaults. */
function variables({ environment, tenant, workflow, recipientRun }: ScopeInput): JsonObject {
  const own = tenantSettings(tenant).branding;
  const branding: JsonObject = { ...DEFAULT_BRANDING, ...environment.branding, ...(isJsonObject(own) ? own : {}) };
  for (const image of ["logo_url", "icon_url"]) branding[`dark_${image}`] ??= branding[image] ?? null;
  const vars: JsonObject = { ...environment.variables, branding };
  // Nothing answers at these addresses: the host name is one that can never resolve.
  vars.manage_preferences_url = `https://preferences.invalid/${recipientRun.id}`;
  if (workflow.settings.is_commercial)
    vars.commercial_unsubscribe_url = `https://unsubscribe.invalid/${recipientRun.id}`;
  return vars;
}

/** The set that decides for this run (E-139 to E-146). */
export function preferencesOf({
  recipient,
  run,
  tenant,
  environment,
}: Pick<ScopeInput, "recipient" | "run" | "tenant" | "environment">): PreferenceSet {
  return resolvePreferenceSet({
    recipient: recipient.preferences,
    tenant: run.tenant,
    tenantDefaults: tenantDefaults(tenant),
    environment: environment.preferences,
  });
}

/** Everything a template or a condition may read (E-073). Keys of `data` stand at the top too; system names win (E-074). */
export function buildScope(input: ScopeInput): RenderScope {
  const { run, recipientRun, workflow, actor, tenant } = input;
  const data = recipientRun.data ?? run.data;
  const recipient: JsonObject = recipientView(input.recipient);
  if (recipientRun.via) {
    recipient.subscription = {
      ...recipientRun.via.properties,
      object: input.subscribedObject ? recipientView(input.subscribedObject) : null,
    };
  }
  // Read by few templates; merging sets for every run would be felt.
  let preferences: PreferenceSet | undefined;
  Object.defineProperty(recipient, "preferences", {
    enumerable: true,
    get: () => {
      preferences ??= preferencesOf(input);
      return preferences;
    },
  });
  const actorView = actor ? recipientView(actor) : null;
  const at = new Date(run.inserted_at).toISOString();
  const activity = { ...data, data, id: recipientRun.id, inserted_at: at, updated_at: at, actor: actorView, recipient };
  return {
    ...data,
    data,
    recipient,
    actor: actorView,
    tenant: tenant ? tenantView(tenant) : null,
    vars: variables(input),
    workflow: {
      id: workflow.version_id,
      key: workflow.key,
      name: workflow.name,
      categories: workflow.categories,
      commercial: workflow.settings.is_commercial,
      override_preferences: workflow.settings.override_preferences,
      cancellation_key: run.cancellation_key,
    },
    run: { total_activities: 1, total_actors: actorView ? 1 : 0 },
    activities: [activity],
    actors: actorView ? [actorView] : [],
    total_activities: 1,
    total_actors: actorView ? 1 : 0,
    timestamp: at,
  };
}
