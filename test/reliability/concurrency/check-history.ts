import { checkBatches } from "./check-batches.js";
import { checkCancellations } from "./check-cancellations.js";
import { checkClock } from "./check-clock.js";
import { type FinalRun, type FinalState, type HistoryEntry, selectAnswered } from "./history.js";
import {
  ENGAGEMENT_MODEL,
  type EngagementOperation,
  IDEMPOTENCY_MODEL,
  type IdempotentTrigger,
  JOURNEY_MESSAGES,
  THROTTLE_MODEL,
} from "./models.js";
import { Partitions } from "./partitions.js";

/** Checks that each idempotency key started one set of runs, and that all triggers with it returned this set. */
function checkIdempotencyKeys(history: readonly HistoryEntry[]): string[] {
  const partitions = new Partitions<IdempotentTrigger>();
  for (const entry of selectAnswered(history, "trigger")) {
    const { key, payload } = entry.call;
    if (key !== undefined && payload !== undefined) partitions.add(key, { payload, run: entry.result.run }, entry);
  }
  return partitions.check("the idempotency key", IDEMPOTENCY_MODEL);
}

/** Checks that the runs of a throttle pass in the order of their triggers, up to its limit. */
function checkThrottles(history: readonly HistoryEntry[], final: FinalState): string[] {
  const partitions = new Partitions<{ passed: boolean }>();
  const passedByRun = new Map(final.runs.map(({ workflowRun, passed }) => [workflowRun, passed]));
  for (const entry of selectAnswered(history, "trigger")) {
    const passed = entry.call.workflow === "alert" ? passedByRun.get(String(entry.result.run)) : null;
    if (typeof passed === "boolean") partitions.add(entry.call.subject, { passed }, entry);
  }
  return partitions.check("the throttle of", THROTTLE_MODEL);
}

/** Checks that the marks of a message take effect one after another, and that none is lost. */
function checkMarks(history: readonly HistoryEntry[], final: FinalState): string[] {
  const partitions = new Partitions<EngagementOperation>();
  for (const entry of selectAnswered(history, "mark"))
    partitions.add(entry.call.message, { mark: entry.call.mark, seen: entry.result }, entry);
  for (const { id, engagement } of final.messages)
    if (partitions.byKey.has(id)) partitions.add(id, { mark: null, seen: engagement });
  return partitions.check("the message", ENGAGEMENT_MODEL);
}

/** Returns the steps whose messages a run must have at the end; null if any first ones are possible. */
function listExpectedSteps({ workflow, status, passed }: FinalRun): string[] | null {
  if (workflow === "digest") return null; // checkBatches
  const steps = Array.from(
    { length: workflow === "journey" ? JOURNEY_MESSAGES : 1 },
    (_, index) => `feed_${index + 1}`,
  );
  if (passed === false) return [];
  return status === "cancelled" ? null : steps;
}

/** Checks that the store contains exactly the runs of all accepted triggers, with each message once. */
function checkNothingIsLostOrDoubled(history: readonly HistoryEntry[], { runs, messages }: FinalState): string[] {
  const violations: string[] = [];
  const accepted = new Set(
    selectAnswered(history, "trigger").flatMap(({ result: { run } }) => (run === null ? [] : [run])),
  );
  const stored = new Set<string>();
  for (const { workflowRun, id } of runs) {
    if (stored.has(workflowRun)) violations.push(`the trigger ${workflowRun} has two runs of one recipient`);
    stored.add(workflowRun);
    if (!accepted.has(workflowRun)) violations.push(`no client started the run ${id}`);
  }
  for (const run of accepted) if (!stored.has(run)) violations.push(`the accepted trigger ${run} is lost`);
  const stepsByRun = new Map(runs.map(({ id }): [string, string[]] => [id, []]));
  for (const { id, run, step } of messages) {
    const steps = stepsByRun.get(run);
    if (steps === undefined) violations.push(`the message ${id} belongs to no run`);
    else steps.push(step);
  }
  for (const run of runs) {
    const steps = (stepsByRun.get(run.id) as string[]).sort();
    if (new Set(steps).size < steps.length) violations.push(`the run ${run.id} has a message twice: ${steps.join()}`);
    if (run.status !== "completed" && run.status !== "cancelled") violations.push(`the run ${run.id} has not ended`);
    const expected = listExpectedSteps(run);
    if (expected !== null && expected.join() !== steps.join())
      violations.push(`the ${run.status} run ${run.id} has the messages ${steps.join()} instead of ${expected.join()}`);
  }
  return violations;
}

const checkErrors = (history: readonly HistoryEntry[]): string[] =>
  history.flatMap(({ client, call, error }) =>
    error === null ? [] : [`${client} got an error for ${JSON.stringify(call)}: ${error}`],
  );

/** Checks a history of concurrent processes on one store, and the store's state after it. Returns the violations. */
export function checkHistory(history: readonly HistoryEntry[], final: FinalState): string[] {
  return [
    ...checkErrors(history),
    ...checkNothingIsLostOrDoubled(history, final),
    ...checkCancellations(history, final),
    ...checkIdempotencyKeys(history),
    ...checkThrottles(history, final),
    ...checkMarks(history, final),
    ...checkBatches(history, final),
    ...checkClock(history, final),
  ];
}
