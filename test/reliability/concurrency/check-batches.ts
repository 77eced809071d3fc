import { type FinalState, type HistoryEntry, selectAnswered } from "./history.js";

/** Checks that batches close once, and that each activity is in exactly one message unless it was withdrawn before. */
export function checkBatches(history: readonly HistoryEntry[], { runs, messages }: FinalState): string[] {
  const violations: string[] = [];
  const digests = messages.filter(({ workflow }) => workflow === "digest");
  const messageByActivity = new Map<string, string>();
  for (const { id, activities } of digests)
    for (const activity of activities) {
      if (messageByActivity.has(activity)) violations.push(`the activity ${activity} is in two batches`);
      messageByActivity.set(activity, id);
    }

  const joinedAt = new Map<string, number>();
  for (const entry of selectAnswered(history, "trigger"))
    if (entry.call.activity !== undefined) joinedAt.set(entry.call.activity, entry.respondedAt);
  const withdrawn = new Set<string>();
  for (const entry of selectAnswered(history, "cancel")) {
    if (entry.call.workflow !== "digest") continue;
    const { runs: outcomes } = entry.result;
    // A client that is not told the outcome may have withdrawn the activity.
    if (outcomes === null || Object.values(outcomes).includes("cancelled")) {
      if (outcomes !== null && messageByActivity.has(entry.call.key))
        violations.push(`the activity ${entry.call.key} was withdrawn, but is in a batch`);
      withdrawn.add(entry.call.key);
    } else if (
      entry.invokedAt > (joinedAt.get(entry.call.key) ?? Number.POSITIVE_INFINITY) &&
      Object.keys(outcomes).length === 0
    )
      violations.push(`a cancellation did not find the accepted activity ${entry.call.key}`);
  }
  // A cancellation between the close and the message ends the run, and with it the whole batch (E-282).
  const ended = new Set(
    runs.filter((run) => run.workflow === "digest" && run.status === "cancelled").map((run) => run.subject),
  );
  for (const { workflow, data, subject } of runs) {
    const { activity } = data;
    if (workflow !== "digest" || activity === undefined || messageByActivity.has(activity) || ended.has(subject))
      continue;
    if (!withdrawn.has(activity)) violations.push(`the activity ${activity} is in no batch`);
  }
  return [...violations, ...checkClosedBatches(history, digests)];
}

/** Checks that a batch that a client has seen closed never changes afterwards. */
function checkClosedBatches(history: readonly HistoryEntry[], digests: FinalState["messages"]): string[] {
  const violations: string[] = [];
  const final = new Map(digests.map(({ id, activities }) => [id, activities]));
  const firstSeenAt = new Map<string, number>();
  for (const entry of selectAnswered(history, "list_digests"))
    for (const [id, activities] of Object.entries(entry.result.digests)) {
      firstSeenAt.set(id, Math.min(firstSeenAt.get(id) ?? Number.POSITIVE_INFINITY, entry.respondedAt));
      if (final.get(id)?.join() !== activities.join())
        violations.push(`the closed batch ${id} had ${activities.join()}, and at the end ${final.get(id)?.join()}`);
    }
  const messageByActivity = new Map(
    digests.flatMap(({ id, activities }) => activities.map((each) => [each, id] as const)),
  );
  for (const entry of selectAnswered(history, "trigger")) {
    if (entry.call.activity === undefined) continue;
    const message = messageByActivity.get(entry.call.activity);
    if (message !== undefined && entry.invokedAt > (firstSeenAt.get(message) ?? Number.POSITIVE_INFINITY))
      violations.push(`the activity ${entry.call.activity} joined the batch ${message} after it was closed`);
  }
  return violations;
}
