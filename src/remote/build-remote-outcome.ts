import { buildChannelOutcome, groupMessagesByStep, parseRecipientReference } from "../domain/run/message-outcomes.js";
import {
  type RecipientOutcome,
  type StepOutcome,
  summarizeOutcomes,
  type TriggerOutcome,
} from "../domain/run/outcome.js";
import { hasEndedStatus, RUN_STATUSES, type RunStatus } from "../domain/run/run-status.js";
import { findStepDefinition } from "../domain/step-types/step-definitions.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { parseRunEvents, type StepHistory, toText } from "./parse-run-events.js";

/**
 * A run as the API reports it: its list entry, its events (null if its detail was not read), and its messages, oldest first.
 */
export interface ReportedRun {
  run: JsonObject;
  events: Json[] | null;
  messages: JsonObject[];
}

/** Returns the known outcome of one trigger. Adds nothing that the API did not report. */
export function buildTriggerOutcome(
  known: Pick<TriggerOutcome, "workflow_run_id" | "workflow" | "replayed">,
  reportedRuns: readonly ReportedRun[],
): TriggerOutcome {
  const recipients = reportedRuns.map(buildRecipientOutcome);
  const key = reportedRuns.map(({ run }) =>
    isJsonObject(run.trigger_source) ? toText(run.trigger_source.cancellation_key) : null,
  );
  return {
    workflow_run_id: known.workflow_run_id,
    workflow: known.workflow,
    target: "remote",
    cancellation_key: key.find((value) => value !== null) ?? null,
    recipients,
    summary: summarizeOutcomes(recipients),
    ...(known.replayed === undefined ? {} : { replayed: known.replayed }),
  };
}

export function buildRecipientOutcome(reportedRun: ReportedRun): RecipientOutcome {
  const { run, events } = reportedRun;
  const { reason } = parseRunEvents(events ?? []);
  const steps = buildStepOutcomes(reportedRun);
  return {
    recipient: parseRecipientReference(run.recipient),
    recipient_run_id: toText(run.id),
    status: parseRunStatus(run),
    steps,
    ...(reason !== null && steps.length === 0 ? { reason } : {}),
  };
}

/** Returns the steps in a run's events and messages. A step that has only started is left out. */
export function buildStepOutcomes({ run, events, messages }: ReportedRun): StepOutcome[] {
  const { steps } = parseRunEvents(events ?? []);
  const byStep = groupMessagesByStep(messages);
  const cancelled = parseRunStatus(run) === "cancelled";
  const outcomes = [...steps.values()].flatMap((history) =>
    buildStepOutcome(history, byStep.get(history.ref) ?? [], cancelled),
  );
  const reportedRefs = new Set(outcomes.map(({ ref }) => ref));
  for (const [ref, stepMessages] of byStep)
    if (!reportedRefs.has(ref)) outcomes.push(buildChannelOutcome(ref, null, [], stepMessages));
  return outcomes;
}

function buildStepOutcome(history: StepHistory, stepMessages: JsonObject[], cancelled: boolean): StepOutcome[] {
  const { ref, message_ids: ids } = history;
  const failed = history.outcome === "failed" || history.outcome === "skipped";
  if (!failed && (stepMessages.length > 0 || ids.length > 0))
    return [buildChannelOutcome(ref, history.channel_type, ids, stepMessages)];
  if (history.outcome === null) return [];
  const type = history.type ?? "unknown";
  const step: StepOutcome = { ref, type, outcome: history.outcome, reason: history.reason };
  const definition = findStepDefinition(type);
  if (definition?.createsMessages) {
    if (history.channel_type !== null) step.channel_type = history.channel_type;
    step.message_id = ids[0] ?? toText(stepMessages[0]?.id);
  }
  if (step.outcome === "waiting" && cancelled) {
    step.outcome = "cancelled";
    step.reason = { code: "cancelled", detail: null };
  } else if (step.outcome === "waiting") {
    step.until = history.until;
  }
  if (definition?.branchesField !== undefined) step.branch = history.branch;
  return [step];
}

function parseRunStatus(run: JsonObject): RunStatus | null {
  return RUN_STATUSES.find((status) => status === run.status) ?? null;
}

export function hasEnded(run: JsonObject): boolean {
  return hasEndedStatus(parseRunStatus(run));
}
