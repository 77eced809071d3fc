import type { Environment } from "../../domain/environment/environment.js";
import { signLinkId } from "../../domain/message/link-token.js";
import type { PreferenceSources } from "../../domain/preferences/decide-preferences.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import { type Recipient, type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Schedule } from "../../domain/trigger/schedule.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { BatchView } from "./build-batch-view.js";
import { buildScheduleView } from "./serialize-schedule.js";

/** The recipient, actor, tenant and object of a run, as stored at the time of a step (EQ-15). */
export interface RunParties {
  recipient: Recipient;
  actor: Recipient | null;
  tenant: Recipient | null;
  /** The object of the subscription that the recipient was reached through, or null. */
  subscribedObject: Recipient | null;
}

export interface ScopeInput extends RunParties {
  /** All recipients that were read for the run, including the actors of a batch's activities. */
  recipients: ReadonlyMap<RecipientKey, Recipient>;
  /** The closed batch that the run continues with, or null. */
  batch: BatchView | null;
  run: WorkflowRun;
  recipientRun: RecipientRun;
  workflow: Workflow;
  environment: Environment;
  /** The key that signs links. Null without a tracking URL and in previews, whose links do not work. */
  linkKey: string | null;
  /** The current state of the schedule that started the run. */
  schedule?: Schedule | null | undefined;
  /** The preference set that is resolved for the run. */
  preferences: PreferenceSet;
}

/**
 * Adds the keys of `data` that a view does not have. Assigns them, here and in all views built at each step, because a
 * literal that spreads unknown keys before its own takes V8 3 to 17 µs, and this a tenth of a microsecond.
 */
function addMissingKeys(view: JsonObject, data: JsonObject): void {
  for (const key of Object.keys(data)) {
    if (key !== "__proto__" && !Object.hasOwn(view, key)) view[key] = data[key] as Json;
  }
}

const DEFAULT_BRANDING = {
  primary_color: "#000000",
  primary_color_contrast: "#FFFFFF",
  dark_primary_color: "#FFFFFF",
  dark_primary_color_contrast: "#000000",
};

/** Cached, because actors, tenants and a chunk's recipients are read once and used by many runs. */
const recipientViews = new WeakMap<Recipient, JsonObject>();

/**
 * Returns a recipient as templates and conditions see it (E-075, T-010). The object is shared: copy it before changing
 * it.
 */
export function getRecipientView(recipient: Recipient): JsonObject {
  let view = recipientViews.get(recipient);
  if (view === undefined) {
    view = {};
    addRecipientView(view, recipient);
    recipientViews.set(recipient, view);
  }
  return view;
}

/**
 * Adds a recipient's view to `view`, whose keys take precedence. For a run's own recipient, whose view no other run
 * uses.
 */
function addRecipientView(view: JsonObject, recipient: Recipient): void {
  const { collection, id } = splitRecipientKey(recipient.key);
  view.id = id;
  view.updated_at = toIsoTime(recipient.updated_at);
  view.__typename = collection === USERS ? "User" : "Object";
  view.created_at = recipient.properties.created_at ?? null;
  if (collection !== USERS) view.collection = collection;
  addMissingKeys(view, recipient.properties);
}

function getTenantSettings(tenant: Recipient | null): JsonObject {
  const settings = tenant?.properties.settings;
  return isJsonObject(settings) ? settings : {};
}

/** Returns the tenant's own preference defaults (E-140), or null. */
export function getTenantPreferenceDefaults(tenant: Recipient | null): PreferenceSet | null {
  const set = getTenantSettings(tenant).preference_set;
  return isJsonObject(set) ? set : null;
}

/** Returns a tenant as templates see it (E-076, T-015). */
export function buildTenantView(tenant: Recipient): JsonObject {
  const settings = getTenantSettings(tenant);
  const branding = settings.branding ?? {};
  return {
    ...getRecipientView(tenant),
    settings: { ...settings, preferences: settings.preference_set ?? {}, branding },
  };
}

/** The variables of environments with branding, cached for runs whose tenant has no branding of its own. */
const sharedVariables = new WeakMap<Environment, JsonObject>();

function mergeBranding(environment: Environment, own: JsonObject | null): JsonObject {
  const branding: JsonObject = { ...DEFAULT_BRANDING, ...environment.branding, ...own };
  for (const image of ["logo_url", "icon_url"]) branding[`dark_${image}`] ??= branding[image] ?? null;
  return { ...environment.variables, ...environment.secret_variables, branding };
}

/**
 * Returns the environment's variables with `branding`: the tenant's, then the account's, then the defaults. The object
 * is shared: copy it before changing it.
 */
export function getBrandedVariables(environment: Environment, tenant: Recipient | null): JsonObject {
  const own = getTenantSettings(tenant).branding;
  let base = isJsonObject(own) ? mergeBranding(environment, own) : sharedVariables.get(environment);
  if (base === undefined) {
    base = mergeBranding(environment, null);
    sharedVariables.set(environment, base);
  }
  return base;
}

/** Builds `vars` (E-083 to E-086, T-170 to T-172). */
function buildVars({ environment, tenant, workflow, recipientRun, linkKey }: ScopeInput): JsonObject {
  // Without a tracking URL, the host name is one that never resolves.
  const base = environment.tracking?.base_url;
  const buildUrl = (kind: "preferences" | "unsubscribe"): string =>
    `${base === undefined ? `https://${kind}.invalid` : `${base}/${kind}`}/${signLinkId(linkKey, kind, recipientRun.id)}`;
  const vars: JsonObject = { manage_preferences_url: buildUrl("preferences") };
  if (workflow.settings.is_commercial) vars.commercial_unsubscribe_url = buildUrl("unsubscribe"); // E-158
  addMissingKeys(vars, getBrandedVariables(environment, tenant));
  return vars;
}

/** Returns the preference sets that apply to this run. */
export function buildPreferenceSources({
  recipient,
  run,
  tenant,
  environment,
}: Pick<ScopeInput, "recipient" | "run" | "tenant" | "environment">): PreferenceSources {
  return {
    recipient: recipient.preferences,
    tenant: run.tenant,
    tenantDefaults: getTenantPreferenceDefaults(tenant),
    environment: environment.preferences,
  };
}

interface ActivityScope {
  activities: JsonObject[];
  actors: JsonObject[];
  total_activities: number;
  total_actors: number;
}

/** Builds the one activity of a run, or those of a closed batch (E-079, E-080, E-271 to E-274). */
function buildActivityScope(
  input: ScopeInput,
  recipient: JsonObject,
  actor: JsonObject | null,
  at: string,
): ActivityScope {
  const { batch, run, recipientRun } = input;
  if (batch === null) {
    const data = recipientRun.data ?? run.data;
    const activity: JsonObject = { data, id: recipientRun.id, inserted_at: at, updated_at: at, actor, recipient };
    addMissingKeys(activity, data);
    return { activities: [activity], actors: actor ? [actor] : [], total_activities: 1, total_actors: actor ? 1 : 0 };
  }
  const view = (key: RecipientKey | null): JsonObject | null => {
    const read = key === null ? undefined : input.recipients.get(key);
    return read ? getRecipientView(read) : null;
  };
  return {
    activities: batch.activities.map((activity) => {
      const when = toIsoTime(activity.at);
      const { data, id } = activity;
      const actor = view(activity.actor);
      const activityView: JsonObject = { data, id, inserted_at: when, updated_at: when, actor, recipient };
      addMissingKeys(activityView, data);
      return activityView;
    }),
    actors: batch.actors.map(view).filter((actor) => actor !== null),
    total_activities: batch.total_activities,
    total_actors: batch.total_actors,
  };
}

/** Returns the results of the run's ended wait steps (E-132), or undefined if none has ended. */
function collectWaitResults({ steps }: RecipientRun): JsonObject | undefined {
  const endedSteps = steps.filter(({ matched }) => matched !== undefined);
  if (endedSteps.length === 0) return undefined;
  return Object.fromEntries(
    endedSteps.map(({ ref, matched = false, signal_variables = {} }) => [ref, { matched, signal_variables }]),
  );
}

/** Returns a workflow as templates see it. */
export function buildWorkflowView(workflow: Workflow, cancellation_key: string | null): JsonObject {
  return {
    id: workflow.version_id,
    key: workflow.key,
    name: workflow.name,
    categories: workflow.categories,
    commercial: workflow.settings.is_commercial,
    override_preferences: workflow.settings.override_preferences,
    cancellation_key,
  };
}

/**
 * Builds everything that a template or condition can read (E-073). Keys of `data` are also at the top level; system
 * names take precedence (E-074).
 */
export function buildScope(input: ScopeInput): RenderScope {
  const { run, recipientRun, workflow, actor, tenant } = input;
  const data = recipientRun.data ?? run.data;
  const recipient: JsonObject = { preferences: input.preferences as JsonObject };
  if (recipientRun.via) {
    recipient.subscription = {
      ...recipientRun.via.properties,
      object: input.subscribedObject ? getRecipientView(input.subscribedObject) : null,
    };
  }
  if (input.schedule) recipient.schedule = buildScheduleView(input.schedule);
  addRecipientView(recipient, input.recipient);
  const actorView = actor ? getRecipientView(actor) : null;
  const at = toIsoTime(run.inserted_at);
  const refs = collectWaitResults(recipientRun);
  const activities = buildActivityScope(input, recipient, actorView, at);
  const scope: RenderScope = {
    data,
    recipient,
    actor: actorView,
    tenant: tenant ? buildTenantView(tenant) : null,
    vars: buildVars(input),
    workflow: buildWorkflowView(workflow, run.cancellation_key),
    activities: activities.activities,
    actors: activities.actors,
    total_activities: activities.total_activities,
    total_actors: activities.total_actors,
    run: { total_activities: activities.total_activities, total_actors: activities.total_actors },
    timestamp: at,
  };
  if (refs) scope.refs = refs;
  addMissingKeys(scope as JsonObject, data);
  return scope;
}
