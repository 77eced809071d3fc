import type { Audience, UserChange } from "../../domain/audience/audience.js";
import type { Environment } from "../../domain/environment/environment.js";
import {
  buildUnidentifiedRecipient,
  type Recipient,
  type RecipientKey,
  TENANTS,
  toRecipientKey,
} from "../../domain/recipient/recipient.js";
import { buildAudienceEvent, type OccurredEvent } from "../../domain/run/occurred-event.js";
import type { Reason } from "../../domain/run/outcome.js";
import { createWorkflowRun, type WorkflowRun } from "../../domain/run/workflow-run.js";
import { KnockError } from "../../errors/knock-error.js";
import type { DueStore } from "../../ports/due-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { JsonObject } from "../../util/json.js";
import { matchesAudience } from "../audience/audience-membership.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { getRecipientView } from "../context/build-scope.js";
import { type EngineContext, isWorkflowActive, type StartStore } from "../context/engine-context.js";
import { startAlone } from "../context/work-failures.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { createClaim } from "./continue-fan-out.js";
import { type FirstAdvances, type ReportStart, type RunStart, startRuns, toNewWorkflowRun } from "./start-runs.js";

/** Limits the user changes of one claim, and the users that join a static audience in one transaction. */
const MAX_CHANGES_PER_CHUNK = 500;

/** Users who join an audience together, so that one trigger starts their runs. */
interface AudienceJoin {
  audience: string;
  tenant: string | null;
  users: RecipientKey[];
  /** The trigger depth of the run that added them to the audience. */
  depth: number;
}

/** Changes that are written together, and their effects. */
interface ChangeGroup {
  ids: number[];
  joins: AudienceJoin[];
  events: OccurredEvent[];
}

function buildUserView(user: RecipientKey, properties: JsonObject | null, at: number): JsonObject | null {
  if (properties === null) return null;
  return getRecipientView({ ...buildUnidentifiedRecipient(user, at), properties });
}

/** Returns the dynamic audiences that a user enters or leaves by a change of properties (E-334, E-387). */
function toTransitionGroup(change: Extract<UserChange, { audience: null }>, dynamic: readonly Audience[]): ChangeGroup {
  const { id, user, before, after, at, depth } = change;
  const group: ChangeGroup = { ids: [id], joins: [], events: [] };
  const [previous, current] = [buildUserView(user, before, at), buildUserView(user, after, at)];
  for (const audience of dynamic) {
    const [wasMember, isMember] = [matchesAudience(audience, previous, at), matchesAudience(audience, current, at)];
    if (wasMember === isMember) continue;
    group.events.push(buildAudienceEvent(audience.key, user, isMember ? "enter" : "exit", at));
    if (isMember) group.joins.push({ audience: audience.key, tenant: null, users: [user], depth });
  }
  return group;
}

/**
 * Groups changes that are written together: users who join the same static audience, each once, or one user whose
 * properties changed.
 */
function groupChanges(changes: readonly UserChange[], dynamic: readonly Audience[]): ChangeGroup[] {
  const groups: ChangeGroup[] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    if (change.audience === null) {
      const group = toTransitionGroup(change, dynamic);
      // A change without effects is only deleted.
      if (last && group.events.length === 0) last.ids.push(change.id);
      else groups.push(group);
      continue;
    }
    const { audience, tenant, user, id, depth } = change;
    const joined = last?.joins[0];
    const same = joined?.audience === audience && joined.tenant === tenant && joined.depth === depth;
    const fits = joined && last.events.length === 0 && same;
    if (fits && !joined.users.includes(user)) {
      joined.users.push(user);
      last.ids.push(id);
    } else groups.push({ ids: [id], joins: [{ audience, tenant, users: [user], depth }], events: [] });
  }
  return groups;
}

/**
 * Returns the workflows that audiences start, by audience (E-388). A workflow with an invalid file starts no runs, and
 * its error is added to `broken`.
 */
async function readAudienceWorkflows(
  { definitions }: EngineContext<unknown>,
  environment: Environment,
  broken: KnockError[],
): Promise<Map<string, CompiledWorkflow[]>> {
  const workflowsByAudience = new Map<string, CompiledWorkflow[]>();
  for (const key of await definitions.workflowKeys()) {
    try {
      const workflow = await definitions.workflow(key);
      if (workflow?.trigger?.type !== "audience" || !isWorkflowActive(workflow, environment)) continue;
      const { audience_key } = workflow.trigger;
      workflowsByAudience.set(audience_key, [
        ...(workflowsByAudience.get(audience_key) ?? []),
        await compileWorkflow(workflow, definitions),
      ]);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      broken.push(error);
    }
  }
  return workflowsByAudience;
}

interface StartedAudienceRuns {
  run: WorkflowRun;
  compiled: CompiledWorkflow;
  runs: FirstAdvances;
}

async function startAudienceRuns(
  context: EngineContext<StartStore>,
  { audience, tenant, users, depth }: AudienceJoin,
  start: Omit<RunStart, "run">,
  alreadyTriggered: Set<RecipientKey>,
): Promise<StartedAudienceRuns> {
  const { compiled, now } = start;
  const run = createWorkflowRun(compiled.workflow, {
    id: context.ids.uuid(),
    tenant,
    trigger_source: { type: "audience", audience_key: audience, depth: depth + 1 },
    inserted_at: now,
  });
  const reached = users.map((key) => ({ key, trigger_data: null, via: null }));
  const created = await findMissingTenant(context, tenant, now);
  const known = new Map(created === null ? [] : [[created.key, created]]);
  const started = await startRuns(context, { ...start, run }, reached, alreadyTriggered, known);
  const upserts = [...(created === null ? [] : [{ key: created.key, properties: {} }]), ...started.upserts];
  // A user who was never identified gets no run, now or later (E-391).
  return { run, compiled, runs: { ...started, upserts, unidentified: [] } };
}

/** Returns the empty tenant that a run creates, or null if it has none or the tenant exists (E-047). */
async function findMissingTenant(
  { store }: EngineContext<RecipientStore>,
  tenant: string | null,
  now: number,
): Promise<Recipient | null> {
  if (tenant === null) return null;
  const key = toRecipientKey({ id: tenant, collection: TENANTS });
  if ((await store.readRecipients([key])).has(key)) return null;
  return buildUnidentifiedRecipient(key, now);
}

/**
 * Starts the runs of users who joined audiences and records the transitions for waiting runs. Each change and its
 * effects are written once, in one transaction (E-387 to E-391, E-395).
 */
export async function followUserChanges(
  context: EngineContext<StartStore & DueStore>,
  now: number,
  report: ReportStart,
): Promise<void> {
  // An invalid file must not leave changes claimed.
  const environment = await context.definitions.environment();
  const dynamic = (await context.definitions.audiences()).filter(({ type }) => type === "dynamic");
  for (;;) {
    const claim = createClaim(context, now);
    const changes = await context.store.claimUserChanges(claim, MAX_CHANGES_PER_CHUNK);
    if (changes.length === 0) return;
    const broken: KnockError[] = [];
    const workflows = await readAudienceWorkflows(context, environment, broken);
    const groups = groupChanges(changes, dynamic);
    const joined = new Set(groups.flatMap((group) => group.joins.map(({ audience }) => audience)));
    if (joined.size > 0)
      for (const { message } of broken)
        context.warn?.(`${message}; if joining ${[...joined].join(" or ")} starts this workflow, it did not`);
    for (const group of groups) {
      const result = await startAlone(context, `change ${group.ids[0]}`, (failure) =>
        saveChangeGroup(context, group, { ...claim, workflows, environment, report, failure }),
      );
      if ("error" in result) context.warn?.(`audiences could not follow a change of a user: ${result.error.message}`);
      else if (result.started === "lost") break;
    }
  }
}

interface FollowContext {
  token: string;
  workflows: ReadonlyMap<string, CompiledWorkflow[]>;
  environment: Environment;
  now: number;
  report: ReportStart;
  /** The reason with which the runs fail. */
  failure: Reason | undefined;
}

/** Saves one group. Repeats it if a once-only workflow ran for its users since they were read. */
async function saveChangeGroup(
  context: EngineContext<StartStore>,
  { ids, joins: joined, events }: ChangeGroup,
  { token, workflows, environment, now, report, failure }: FollowContext,
): Promise<"saved" | "lost"> {
  const alreadyTriggered = new Set<RecipientKey>();
  for (;;) {
    const all: StartedAudienceRuns[] = [];
    for (const join of joined) {
      for (const compiled of workflows.get(join.audience) ?? [])
        all.push(await startAudienceRuns(context, join, { compiled, environment, now, failure }, alreadyTriggered));
    }
    const starting = all.filter(({ runs: started }) => started.recipientRuns.length > 0);
    const runs = starting.map(({ run, compiled, runs: started }) => toNewWorkflowRun(run, compiled.workflow, started));
    const result = await context.store.saveUserChanges({ ids, runs, events }, token, now);
    if (result.outcome === "lost") return result.outcome;
    if (result.outcome === "saved") {
      context.ownWork?.add(result.caused);
      context.ownWork?.add({ workflowRunIds: starting.map(({ run }) => run.id) });
      for (const { run, runs: started } of starting) for (const advance of started.advances) report(run, advance);
      return result.outcome;
    }
    for (const user of result.recipients) alreadyTriggered.add(user);
  }
}
