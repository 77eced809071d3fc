import type { Environment } from "../domain/environment.js";
import type { PreferenceSet } from "../domain/preference-set.js";
import { type PreferenceSources, resolvePreferenceSet } from "../domain/preferences.js";
import { type Recipient, type RecipientKey, splitKey, USERS } from "../domain/recipient.js";
import type { Schedule } from "../domain/schedule.js";
import type { Workflow } from "../domain/workflow.js";
import type { RecipientRun, WorkflowRun } from "../domain/workflow-run.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type BatchView, reducedData } from "./batch-view.js";
import type { RenderScope } from "./render/liquid.js";
import { scheduleView } from "./schedule-shape.js";

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
}

const DEFAULT_BRANDING = {
  primary_color: "#000000",
  primary_color_contrast: "#FFFFFF",
  dark_primary_color: "#FFFFFF",
  dark_primary_color_contrast: "#000000",
};

/** Actors, tenants and a chunk's recipients are read once and seen by many runs: their views are made once. */
const views = new WeakMap<Recipient, JsonObject>();

/** A recipient as templates and conditions see it (E-075, T-010). Shared: copy it before changing it. */
export function recipientView(recipient: Recipient): JsonObject {
  let view = views.get(recipient);
  if (view === undefined) {
    const { collection, id } = splitKey(recipient.key);
    view = { ...recipient.properties, id, updated_at: new Date(recipient.updated_at).toISOString() };
    view.__typename = collection === USERS ? "User" : "Object";
    view.created_at = recipient.properties.created_at ?? null;
    if (collection !== USERS) view.collection = collection;
    views.set(recipient, view);
  }
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

/** Environments' variables with their branding, made once where no tenant has a branding of its own. */
const sharedVariables = new WeakMap<Environment, JsonObject>();

function brandedVariables(environment: Environment, own: JsonObject | null): JsonObject {
  const branding: JsonObject = { ...DEFAULT_BRANDING, ...environment.branding, ...own };
  for (const image of ["logo_url", "icon_url"]) branding[`dark_${image}`] ??= branding[image] ?? null;
  return { ...environment.variables, branding };
}

/** `vars` (E-083 to E-086, T-170 to T-172): the tenant's branding over the account's over the defaults. */
function variables({ environment, tenant, workflow, recipientRun }: ScopeInput): JsonObject {
  const own = tenantSettings(tenant).branding;
  let base = isJsonObject(own) ? brandedVariables(environment, own) : sharedVariables.get(environment);
  if (base === undefined) {
    base = brandedVariables(environment, null);
    sharedVariables.set(environment, base);
  }
  // Nothing answers at these addresses: the host name is one that can never resolve.
  const vars: JsonObject = { ...base, manage_preferences_url: `https://preferences.invalid/${recipientRun.id}` };
  if (workflow.settings.is_commercial)
    vars.commercial_unsubscribe_url = `https://unsubscribe.invalid/${recipientRun.id}`;
  return vars;
}

/** The sets that have a say in this run. */
export function preferenceSources({
  recipient,
  run,
  tenant,
  environment,
}: Pick<ScopeInput, "recipient" | "run" | "tenant" | "environment">): PreferenceSources {
  return {
    recipient: recipient.preferences,
    tenant: run.tenant,
    tenantDefaults: tenantDefaults(tenant),
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
function activityScope(input: ScopeInput, recipient: JsonObject, actor: JsonObject | null, at: string): ActivityScope {
  const { batch, run, recipientRun } = input;
  if (batch === null) {
    const data = recipientRun.data ?? run.data;
    const activity = { ...data, data, id: recipientRun.id, inserted_at: at, updated_at: at, actor, recipient };
    return { activities: [activity], actors: actor ? [actor] : [], total_activities: 1, total_actors: actor ? 1 : 0 };
  }
  const view = (key: RecipientKey | null): JsonObject | null => {
    const person = key === null ? undefined : input.people.get(key);
    return person ? recipientView(person) : null;
  };
  return {
    activities: batch.activities.map((activity) => {
      const when = new Date(activity.at).toISOString();
      const { data } = activity;
      return {
        ...data,
        data,
        id: activity.id,
        inserted_at: when,
        updated_at: when,
        actor: view(activity.actor),
        recipient,
      };
    }),
    actors: batch.actors.map(view).filter((actor) => actor !== null),
    total_activities: batch.total_activities,
    total_actors: batch.total_actors,
  };
}

/** What the run's wait steps caught (E-132); undefined where none is over. */
function caught({ steps }: RecipientRun): JsonObject | undefined {
  const over = steps.filter(({ matched }) => matched !== undefined);
  if (over.length === 0) return undefined;
  return Object.fromEntries(
    over.map(({ ref, matched = false, signal_variables = {} }) => [ref, { matched, signal_variables }]),
  );
}

/** Everything a template or a condition may read (E-073). Keys of `data` stand at the top too; system names win (E-074). */
export function buildScope(input: ScopeInput): RenderScope {
  const { run, recipientRun, workflow, actor, tenant } = input;
  const ownData = recipientRun.data ?? run.data;
  const data = input.batch ? reducedData(ownData) : ownData;
  const recipient: JsonObject = { ...recipientView(input.recipient) };
  if (recipientRun.via) {
    recipient.subscription = {
      ...recipientRun.via.properties,
      object: input.subscribedObject ? recipientView(input.subscribedObject) : null,
    };
  }
  if (input.schedule) recipient.schedule = scheduleView(input.schedule);
  // Read by few templates; merging sets for every run would be felt.
  let preferences: PreferenceSet | undefined;
  Object.defineProperty(recipient, "preferences", {
    enumerable: true,
    get: () => {
      preferences ??= resolvePreferenceSet(preferenceSources(input)); // E-139 to E-146
      return preferences;
    },
  });
  const actorView = actor ? recipientView(actor) : null;
  const at = new Date(run.inserted_at).toISOString();
  const refs = caught(recipientRun);
  const activities = activityScope(input, recipient, actorView, at);
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
    ...activities,
    run: { total_activities: activities.total_activities, total_actors: activities.total_actors },
    timestamp: at,
    ...(refs ? { refs } : {}),
  };
}
