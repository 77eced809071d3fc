import type { RecipientOutcome, StepOutcome } from "../../domain/run/outcome.js";
import { getTriggerData } from "../../domain/run/trigger-data.js";
import type { RunEvent } from "../../domain/run/workflow-run.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { RunQuery } from "../../ports/filters.js";
import { OwnWork } from "../../ports/own-work.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import { NO_PRUNED_ROWS, PRUNED_TABLES, type PruneOptions, type PruneReport } from "../../ports/prune-store.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Json, JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { readRunOutcomes } from "../run/read-outcome.js";
import { runDueWork } from "../run/run-due-work.js";
import { serializeRecipientRun, serializeRecipientRunDetail } from "./api-serializers.js";

/**
 * The fields of event data that explain a step: what decided it, its warnings, and the result of a batch or nested
 * trigger.
 */
const DECISION_FIELDS = ["conditions", "preference", "warnings", "total_activities", "workflow", "workflow_run_id"];

/**
 * Returns the conditions with their compared values (E-096), the preference (E-159), and the other {@link
 * DECISION_FIELDS}.
 */
function extractDecision(data: JsonObject | null): JsonObject {
  const decision: JsonObject = {};
  for (const name of DECISION_FIELDS) {
    const value: Json | undefined = data?.[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) decision[name] = value;
  }
  return decision;
}

/**
 * Returns a run's steps, each with what decided it. A wait step that evaluated several events has the data of the last.
 */
function explainSteps(steps: readonly StepOutcome[], events: readonly RunEvent[]): JsonObject[] {
  const decisions = new Map<string, JsonObject>();
  for (const { step_ref, data } of events) {
    if (step_ref === null) continue;
    decisions.set(step_ref, { ...decisions.get(step_ref), ...extractDecision(data) });
  }
  return steps.map((step) => ({ ...step, ...decisions.get(step.ref) }));
}

/** Returns the evaluated conditions of the trigger; an empty object if it has none. */
function getTriggerDecision(events: readonly RunEvent[]): JsonObject {
  return extractDecision(events.find(({ event }) => event === "trigger_conditions_evaluated")?.data ?? null);
}

/** Returns the API's document of a run, with its data and with what decided each step. */
export function explainRun(
  { run, recipientRun, version }: StoredRun,
  outcome: RecipientOutcome | undefined,
): JsonObject {
  return {
    ...serializeRecipientRunDetail(run, recipientRun),
    data: recipientRun.data ?? run.data,
    trigger_data: getTriggerData(recipientRun, version.steps) ?? run.data,
    ...(run.settings.branch === undefined ? {} : { branch: run.settings.branch }),
    steps: explainSteps(outcome?.steps ?? [], recipientRun.events),
    ...getTriggerDecision(recipientRun.events),
    ...(outcome?.reason ? { reason: outcome.reason } : {}),
  };
}

export async function readRecipientRun(context: EngineContext, id: string): Promise<JsonObject | null> {
  const stored = await context.store.readRecipientRun(id);
  if (stored === null) return null;
  const [outcome] = await readRunOutcomes(context, [stored.recipientRun]);
  return explainRun(stored, outcome);
}

export async function readRunWorkflow({ store }: EngineContext, id: string): Promise<Workflow | null> {
  return (await store.readRecipientRun(id))?.version ?? null;
}

/** Lists recipient runs, each with the outcomes of its steps. */
export async function listRecipientRuns(
  context: EngineContext,
  filter: RunQuery,
  page: PageRequest,
): Promise<Paged<JsonObject>> {
  const { items, page_info } = await context.store.listRecipientRuns(filter, page);
  const outcomes = await readRunOutcomes(
    context,
    items.map(({ recipientRun }) => recipientRun),
  );
  const rows = items.map(({ run, recipientRun }, index) => {
    const { steps = [], reason } = outcomes[index] ?? {};
    const outcome = { steps, ...(reason ? { reason } : {}) };
    return { ...serializeRecipientRun(run, recipientRun), ...outcome };
  });
  return { items: rows, page_info };
}

/** Makes failed runs due again, and continues them immediately. Returns the ids of the runs that were failed. */
export async function retryRuns(context: EngineContext<DueWorkStore>, ids: readonly string[]): Promise<string[]> {
  const now = await readTime(context);
  const retried = await context.store.retryRuns(ids, now);
  if (retried.length > 0) await runDueWork({ ...context, ownWork: new OwnWork({ recipientRunIds: retried }) }, now);
  return retried;
}

/** The rows that one transaction examines. */
const PRUNE_LIMIT = 1_000;

/** Deletes ended runs with everything that belongs to them, in short transactions. An abort ends it after the current one. */
export async function pruneRuns(context: EngineContext, options: PruneOptions): Promise<PruneReport> {
  const { olderThanMs, isDryRun, signal, onProgress, onWarning } = options;
  const before = (await readTime(context)) - olderThanMs;
  const report: PruneReport = { ...NO_PRUNED_ROWS, before };
  for (const table of PRUNED_TABLES) {
    let after: number | string | null = 0;
    while (after !== null && !signal.aborted) {
      const request = { table, before, after, limit: PRUNE_LIMIT, isDryRun };
      const { counts, next, warning } = await context.store.prune(request);
      if (warning !== undefined) onWarning(warning);
      for (const [name, count] of Object.entries(counts)) report[name as keyof PruneReport] += count;
      onProgress(report);
      after = next;
    }
  }
  return report;
}
