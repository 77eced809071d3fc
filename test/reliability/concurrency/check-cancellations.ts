import { type FinalState, type HistoryEntry, selectAnswered } from "./history.js";
import { CANCELLATION_MODEL, type CancellationOperation } from "./models.js";
import { groupBy, Partitions } from "./partitions.js";

const toStatus = (status: string): "active" | "completed" | "cancelled" =>
  status === "completed" || status === "cancelled" ? status : "active";

/** Returns the operations on the runs with one cancellation key, by key. */
function partitionByKey(history: readonly HistoryEntry[], final: FinalState): Partitions<CancellationOperation> {
  const partitions = new Partitions<CancellationOperation>();
  const journeys = final.runs.filter(({ workflow }) => workflow === "journey");
  const byWorkflowRun = new Map(journeys.map((run) => [run.workflowRun, run]));
  for (const entry of selectAnswered(history, "trigger")) {
    const run = entry.result.run === null ? undefined : byWorkflowRun.get(entry.result.run);
    if (run !== undefined) partitions.add(run.subject, { type: "start", run: run.id }, entry);
  }
  for (const entry of selectAnswered(history, "cancel")) {
    const { workflow, key } = entry.call;
    if (workflow === "journey") partitions.add(key, { type: "cancel", runs: entry.result.runs }, entry);
  }
  for (const entry of selectAnswered(history, "list_runs")) {
    const statuses = Object.entries(entry.result.statuses).map(([id, status]) => [id, toStatus(status)]);
    partitions.add(entry.call.subject, { type: "list", statuses: Object.fromEntries(statuses) }, entry);
  }
  for (const entry of selectAnswered(history, "count_messages"))
    partitions.add(entry.call.subject, { type: "count", messages: entry.result.messages }, entry);
  const messages = groupBy(final.messages, ({ run }) => run);
  const bySubject = groupBy(journeys, ({ subject }) => subject);
  for (const subject of partitions.byKey.keys()) {
    const runs = bySubject.get(subject) ?? [];
    const statuses = runs.map(({ id, status }) => [id, toStatus(status)]);
    const counts = runs.map(({ id }) => [id, messages.get(id)?.length ?? 0]);
    partitions.add(subject, { type: "list", statuses: Object.fromEntries(statuses) });
    partitions.add(subject, { type: "count", messages: Object.fromEntries(counts) });
  }
  return partitions;
}

const pickRun = <Value>(values: Record<string, Value>, run: string): Record<string, Value> =>
  values[run] === undefined ? {} : { [run]: values[run] };

/** Returns the part of an operation that is about one run. */
function projectOnRun(operation: CancellationOperation, run: string): CancellationOperation | null {
  switch (operation.type) {
    case "start":
    case "advance":
      return operation.run === run ? operation : null;
    case "cancel":
      return { type: "cancel", runs: operation.runs && pickRun(operation.runs, run) };
    case "list":
      return { type: "list", statuses: pickRun(operation.statuses, run) };
    case "count":
      return { type: "count", messages: pickRun(operation.messages, run) };
  }
}

/**
 * Checks that cancellations and reads of the runs with one key take effect one after another, each on all runs at once, and
 * that this order also contains the advances of each run. The advances are checked for each run on its own, because one move
 * of the clock advances many, in any order.
 */
export function checkCancellations(history: readonly HistoryEntry[], final: FinalState): string[] {
  const byKey = partitionByKey(history, final);
  const byRun = new Partitions<CancellationOperation>();
  for (const intervals of byKey.byKey.values())
    for (const { operation: start } of intervals) {
      if (start.type !== "start") continue;
      for (const interval of intervals) {
        const projected = projectOnRun(interval.operation, start.run);
        if (projected !== null) byRun.add(start.run, projected, interval);
      }
    }
  for (const entry of [...selectAnswered(history, "move_clock"), ...selectAnswered(history, "work")])
    for (const { run } of entry.result.ran) if (byRun.byKey.has(run)) byRun.add(run, { type: "advance", run }, entry);
  return [...byKey.check("the cancellation key", CANCELLATION_MODEL), ...byRun.check("the run", CANCELLATION_MODEL)];
}
