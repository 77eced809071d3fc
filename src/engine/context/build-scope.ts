import type { Environment } from "../../domain/environment/environment.js";
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

/** The people and things of a run, as they are stored at the moment of a step (EQ-15). */
export interface RunParties {
  recipient: Recipient;
  actor: Recipient | null;
  tenant: Recipient | null;
  /** The object of the subscription the recipient was reached through. */
  subscribedObject: Recipient | null;
}

export interface ScopeInput extends RunParties {
  /** Everyone read for the run: the actors of a batch's activities are among them. */
  people: ReadonlyMap<RecipientKey, Recipient>;
  /** The closed batch the run goes on with. */
  batch: BatchView | null;
  run: WorkflowRun;
  recipientRun: RecipientRun;
  workflow: Workflow;
  environment: Environment;
  /** The schedule that started the run, as it now stands. */
  schedule?: Schedule | null | undefined;
  /** The set that decides for the run: as the preference sources resolve. */
  preferences: PreferenceSet;
}

/**
 * Lays data's keys beside those of a view, which win. By assignment, here and for views built at each step: a literal that
 * spreads unknown keys before its own takes V8 3 to 17 µs, this a tenth of one.
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

/** Actors, tenants and a chunk's recipients are read once and seen by many runs: their views are made once. */
const recipientViews = new WeakMap<Recipient, JsonObject>();

/** A recipient as templates and conditions see it (E-075, T-010). Shared: copy it before changing it. */
export function getRecipientView(recipient: Recipient): JsonObject {
  let view = recipientViews.get(recipient);
  if (view === undefined) {
    view = {};
    addRecipientView(view, recipient);
    recipientViews.set(recipient, view);
  }
  return view;
}

/** The same beside what `view` already holds, which wins: of a run's own recipient, whose view no other run sees. */
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

/** The tenant's own preference defaults (E-140), null where it has none. */
export function getTenantPreferenceDefaults(tenant: Recipient | null): PreferenceSet | null {
  const set = getTenantSettings(tenant).preference_set;
  return isJsonObject(set) ? (set as PreferenceSet) : null;
}

/** A tenant as templates see it (E-076, T-015). */
export function buildTenantView(tenant: Recipient): JsonObject {
  const settings = getTenantSettings(tenant);
  const branding = settings.branding ?? {};
  return {
    ...getRecipientView(tenant),
    settings: { ...settings, preferences: settings.preference_set ?? {}, branding },
  };
}

/** Environments' variables with their branding, made once where no tenant has a branding of its own. */
const sharedVariables = new WeakMap<Environment, JsonObject>();

function mergeBranding(environment: Environment, own: JsonObject | null): JsonObject {
  const branding: JsonObject = { ...DEFAULT_BRANDING, ...environment.branding, ...own };
  for (const image of ["logo_url", "icon_url"]) branding[`dark_${image}`] ??= branding[image] ?? null;
  return { ...environment.variables, ...environment.secret_variables, branding };
}

/** The environment's variables with `branding`: the tenant's over the account's over the defaults. Shared: copy it first. */
export function getBrandedVariables(environment: Environment, tenant: Recipient | null): JsonObject {
  const own = getTenantSettings(tenant).branding;
  let base = isJsonObject(own) ? mergeBranding(environment, own) : sharedVariables.get(environment);
  if (base === undefined) {
    base = mergeBranding(environment, null);
    sharedVariables.set(environment, base);
  }
  return base;
}

/** `vars` (E-083 to E-086, T-170 to T-172). */
function buildVars({ environment, tenant, workflow, recipientRun }: ScopeInput): JsonObject {
  // Where nobody answers, the host name is one that can never resolve.
  const base = environment.tracking?.base_url;
  const preferences = base === undefined ? "https://preferences.invalid" : `${base}/preferences`;
  const vars: JsonObject = { manage_preferences_url: `${preferences}/${recipientRun.id}` };
  if (workflow.settings.is_commercial)
    vars.commercial_unsubscribe_url =
      base === undefined ? `https://unsubscribe.invalid/${recipientRun.id}` : `${base}/unsubscribe/${recipientRun.id}`; // E-158
  addMissingKeys(vars, getBrandedVariables(environment, tenant));
  return vars;
}

/** The sets that have a say in this run. */
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

/** One activity, or those of a closed batch (E-079, E-080, E-271 to E-274). */
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
    const person = key === null ? undefined : input.people.get(key);
    return person ? getRecipientView(person) : null;
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

/** What the run's wait steps caught (E-132); undefined where none is over. */
function collectWaitResults({ steps }: RecipientRun): JsonObject | undefined {
  const over = steps.filter(({ matched }) => matched !== undefined);
  if (over.length === 0) return undefined;
  return Object.fromEntries(
    over.map(({ ref, matched = false, signal_variables = {} }) => [ref, { matched, signal_variables }]),
  );
}

/** Everything a template or a condition may read (E-073). Keys of `data` stand at the top too; system names win (E-074). */
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
    workflow: {
      id: workflow.version_id,
      key: workflow.key,
      name: workflow.name,
      categories: workflow.categories,
      commercial: workflow.settings.is_commercial,
      override_preferences: workflow.settings.override_preferences,
      cancellation_key: run.cancellation_key,
    },
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
