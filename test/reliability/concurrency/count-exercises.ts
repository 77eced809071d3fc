import { type FinalState, type HistoryEntry, selectAnswered } from "./history.js";

/** Counts what a storm has done, which shows that its checks were not empty. */
export function countExercises(
  history: readonly HistoryEntry[],
  { runs, messages }: FinalState,
): Record<string, number> {
  const triggers = selectAnswered(history, "trigger").filter(({ call }) => call.key !== undefined);
  const accepted = triggers.flatMap(({ result: { run } }) => (run === null ? [] : [run]));
  return {
    operations: history.length,
    runs: runs.length,
    messages: messages.length,
    canceled_runs: runs.filter(({ status }) => status === "cancelled").length,
    batched_activities: messages.reduce((sum, { activities }) => sum + activities.length, 0),
    throttled_runs: runs.filter(({ passed }) => passed === false).length,
    repeated_keys: accepted.length - new Set(accepted).size,
    rejected_keys: triggers.length - accepted.length,
    marks: selectAnswered(history, "mark").length,
    clock_moves: selectAnswered(history, "move_clock").length,
  };
}
