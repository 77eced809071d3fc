import type { Audience, UserChange } from "../../domain/audience/audience.js";
import type { Environment } from "../../domain/environment/environment.js";
import { keyOf, type Recipient, type RecipientKey, TENANTS } from "../../domain/recipient/recipient.js";
import { audienceEvent, type OccurredEvent } from "../../domain/run/occurred-event.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import { KnockError } from "../../errors/knock-error.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { JsonObject } from "../../util/json.js";
import { isDescribed } from "../audience/audience-membership.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { type EngineContext, isActive, type StartStore } from "../context/engine-context.js";
import { recipientView } from "../context/scope.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import type { Advance } from "./advance.js";
import { type StartedRuns, startRuns } from "./start-runs.js";

/** User changes looked at in one read, and users that join a static audience in one transaction. */
const CHUNK = 500;

/** Users who join an audience together, so that their runs are one trigger's. */
interface Joined {
  audience: string;
  tenant: string | null;
  users: RecipientKey[];
  /** How deep in a chain of triggers the run was that let them join. */
  depth: number;
}

/** Changes that are written together, and what they are. */
interface Step {
  ids: number[];
  joined: Joined[];
  events: OccurredEvent[];
}

function viewOf(user: RecipientKey, properties: JsonObject | null, at: number): JsonObject | null {
  if (properties === null) return null;
  const recipient: Recipient = {
    key: user,
    properties,
    preferences: {},
    channel_data: {},
    inserted_at: at,
    updated_at: at,
  };
  return recipientView(recipient);
}

/** Which dynamic audiences a change of properties takes a user into and out of (E-334, E-387). */
function transitions(change: Extract<UserChange, { audience: null }>, dynamic: readonly Audience[]): Step {
  const { id, user, before, after, at, depth } = change;
  const step: Step = { ids: [id], joined: [], events: [] };
  const [old, current] = [viewOf(user, before, at), viewOf(user, after, at)];
  for (const audience of dynamic) {
    const [was, is] = [isDescribed(audience, old, at), isDescribed(audience, current, at)];
    if (was === is) continue;
    step.events.push(audienceEvent(audience.key, user, is ? "enter" : "exit", at));
    if (is) step.joined.push({ audience: audience.key, tenant: null, users: [user], depth });
  }
  return step;
}

/** What is written together: users who join one static audience, each once, or one user whose properties changed. */
function stepsOf(changes: readonly UserChange[], dynamic: readonly Audience[]): Step[] {
  const steps: Step[] = [];
  for (const change of changes) {
    const last = steps.at(-1);
    if (change.audience === null) {
      const step = transitions(change, dynamic);
      // What leads to nothing is only forgotten.
      if (last && step.events.length === 0) last.ids.push(change.id);
      else steps.push(step);
      continue;
    }
    const { audience, tenant, user, id, depth } = change;
    const joined = last?.joined[0];
    const same = joined?.audience === audience && joined.tenant === tenant && joined.depth === depth;
    const fits = joined && last.events.length === 0 && same;
    if (fits && !joined.users.includes(user)) {
      joined.users.push(user);
      last.ids.push(id);
    } else steps.push({ ids: [id], joined: [{ audience, tenant, users: [user], depth }], events: [] });
  }
  return steps;
}

/** The workflows that audiences start, by audience (E-388); one whose file is broken starts nothing, and is in `broken`. */
async function triggeredWorkflows(
  { definitions }: EngineContext<unknown>,
  environment: Environment,
  broken: KnockError[],
): Promise<Map<string, CompiledWorkflow[]>> {
  const found = new Map<string, CompiledWorkflow[]>();
  for (const key of await definitions.workflowKeys()) {
    try {
      const workflow = await definitions.workflow(key);
      if (workflow?.trigger?.type !== "audience" || !isActive(workflow, environment)) continue;
      const { audience_key } = workflow.trigger;
      found.set(audience_key, [...(found.get(audience_key) ?? []), await compileWorkflow(workflow, definitions)]);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      broken.push(error);
    }
  }
  return found;
}

interface Started {
  run: WorkflowRun;
  compiled: CompiledWorkflow;
  started: StartedRuns;
}

async function start(
  context: EngineContext<StartStore>,
  { audience, tenant, users, depth }: Joined,
  compiled: CompiledWorkflow,
  environment: Environment,
  now: number,
  usedUp: Set<RecipientKey>,
): Promise<Started> {
  const run: WorkflowRun = {
    id: context.ids.uuid(),
    workflow: compiled.workflow.key,
    version_id: compiled.workflow.version_id,
    actor: null,
    tenant,
    data: {},
    cancellation_key: null,
    settings: { sandbox_mode: false, skip_delay: false },
    trigger_source: { type: "audience", audience_key: audience, depth: depth + 1 },
    inserted_at: now,
  };
  const reached = users.map((key) => ({ key, trigger_data: null, via: null }));
  const created = await emptyTenant(context, tenant, now);
  const known = new Map(created === null ? [] : [[created.key, created]]);
  const started = await startRuns(context, { run, compiled, environment, now }, reached, usedUp, known);
  const upserts = [...(created === null ? [] : [{ key: created.key, properties: {} }]), ...started.upserts];
  // Who was never identified is a missing user: no run, now or later (E-391).
  return { run, compiled, started: { ...started, upserts, unidentified: [] } };
}

/** Returns the empty tenant that a run creates, or null if it has none or the tenant exists (E-047). */
async function emptyTenant(
  { store }: EngineContext<RecipientStore>,
  tenant: string | null,
  now: number,
): Promise<Recipient | null> {
  if (tenant === null) return null;
  const key = keyOf({ id: tenant, collection: TENANTS });
  if ((await store.readRecipients([key])).has(key)) return null;
  return { key, properties: {}, preferences: {}, channel_data: {}, inserted_at: now, updated_at: now };
}

/**
 * Starts the runs of users who joined audiences and tells waiting runs of the transitions, each change once and with what
 * it leads to in one transaction (E-387 to E-391, E-395).
 */
export async function followUserChanges(
  context: EngineContext<StartStore>,
  now: number,
  report: (run: WorkflowRun, advance: Advance) => void,
): Promise<void> {
  for (;;) {
    const changes = await context.store.readUserChanges(CHUNK);
    if (changes.length === 0) return;
    const environment = await context.definitions.environment();
    const dynamic = (await context.definitions.audiences()).filter(({ type }) => type === "dynamic");
    const broken: KnockError[] = [];
    const workflows = await triggeredWorkflows(context, environment, broken);
    const steps = stepsOf(changes, dynamic);
    const joined = new Set(steps.flatMap((step) => step.joined.map(({ audience }) => audience)));
    if (joined.size > 0)
      for (const { message } of broken)
        context.warn?.(`${message}; if joining ${[...joined].join(" or ")} starts this workflow, it did not`);
    for (const step of steps) {
      if ((await follow(context, step, { workflows, environment, now, report })) === "lost") break;
    }
  }
}

interface Following {
  workflows: ReadonlyMap<string, CompiledWorkflow[]>;
  environment: Environment;
  now: number;
  report: (run: WorkflowRun, advance: Advance) => void;
}

/** One step, again where a once-only workflow ran for its users in between. */
async function follow(
  context: EngineContext<StartStore>,
  { ids, joined, events }: Step,
  { workflows, environment, now, report }: Following,
): Promise<"saved" | "lost"> {
  const usedUp = new Set<RecipientKey>();
  for (;;) {
    const all: Started[] = [];
    for (const one of joined) {
      for (const compiled of workflows.get(one.audience) ?? [])
        all.push(await start(context, one, compiled, environment, now, usedUp));
    }
    const starting = all.filter(({ started }) => started.recipientRuns.length > 0);
    const runs = starting.map(({ run, compiled, started: { advances: _advances, ...rows } }) => ({
      ...rows,
      run,
      version: compiled.workflow,
      idempotency: null,
      fanOut: null,
    }));
    const result = await context.store.saveUserChanges({ ids, runs, events }, now);
    if (result === "lost") return result;
    if (result === "saved") {
      for (const { run, started } of starting) for (const advance of started.advances) report(run, advance);
      return result;
    }
    for (const user of result.claimed) usedUp.add(user);
  }
}
