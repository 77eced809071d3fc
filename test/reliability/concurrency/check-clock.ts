import { type FinalState, type HistoryEntry, selectAnswered } from "./history.js";
import { JOURNEY_DELAY_MS } from "./models.js";

interface Reading {
  isMove: boolean;
  now: number;
  invokedAt: number;
  respondedAt: number;
}

/** Checks that the clock only moves forward, that moves add up, and that no work is done before its time. */
export function checkClock(history: readonly HistoryEntry[], final: FinalState): string[] {
  if (final.clock === null) return [];
  return [
    ...checkMoves(history, final.clock),
    ...checkReadings(history, final.clock.start),
    ...checkTimes(history, final),
  ];
}

/** Checks that each move starts where another has ended, in an order that agrees with real time. */
function checkMoves(history: readonly HistoryEntry[], clock: { start: number; end: number }): string[] {
  const violations: string[] = [];
  const moves = selectAnswered(history, "move_clock").map(({ call, result: { now }, invokedAt, respondedAt }) => ({
    now,
    from: now - call.by,
    invokedAt,
    respondedAt,
  }));
  moves.sort((a, b) => a.now - b.now);
  let before = { now: clock.start, invokedAt: Number.NEGATIVE_INFINITY };
  for (const move of moves) {
    if (move.from !== before.now)
      violations.push(`a move of the clock started at ${move.from}, but the one before ended at ${before.now}`);
    if (move.respondedAt < before.invokedAt)
      violations.push(`a move of the clock to ${move.now} ended before the one to ${before.now} began`);
    before = move;
  }
  if (before.now !== clock.end)
    violations.push(`the last move ended at ${before.now}, but the clock is at ${clock.end}`);
  return violations;
}

/** Checks that each reading is not earlier than one that ended before it, and not later than any move that began before it ended. */
function checkReadings(history: readonly HistoryEntry[], start: number): string[] {
  const entries = [...selectAnswered(history, "read_clock"), ...selectAnswered(history, "move_clock")];
  const readings = entries.map(({ call, result: { now }, invokedAt, respondedAt }): Reading => {
    return { isMove: call.type === "move_clock", now, invokedAt, respondedAt };
  });
  const byStart = [...readings].sort((a, b) => a.invokedAt - b.invokedAt);
  const byEnd = [...readings].sort((a, b) => a.respondedAt - b.respondedAt);
  const violations: string[] = [];
  let earliest = start;
  let index = 0;
  for (const { now, invokedAt } of byStart) {
    for (; (byEnd[index]?.respondedAt ?? invokedAt) < invokedAt; index++)
      earliest = Math.max(earliest, (byEnd[index] as Reading).now);
    if (now < earliest) violations.push(`the clock was at ${now} after it had been at ${earliest}`);
  }
  let latest = start;
  index = 0;
  for (const { now, respondedAt } of byEnd) {
    for (; (byStart[index]?.invokedAt ?? respondedAt + 1) <= respondedAt; index++) {
      const reading = byStart[index] as Reading;
      if (reading.isMove) latest = Math.max(latest, reading.now);
    }
    if (now > latest) violations.push(`the clock was at ${now} before a move there began`);
  }
  return violations;
}

/** Checks that moves advance runs within their range, and that the messages after a delay are not earlier than its end. */
function checkTimes(history: readonly HistoryEntry[], { runs, messages }: FinalState): string[] {
  const violations: string[] = [];
  for (const { result } of selectAnswered(history, "move_clock"))
    for (const { run, at } of result.ran)
      if (at > result.now) violations.push(`a move to ${result.now} advanced ${run}, which is due at ${at}`);
  const insertedAt = new Map(runs.map((run) => [run.id, run.insertedAt]));
  for (const { id, workflow, run, step, insertedAt: at } of messages) {
    if (workflow !== "journey") continue;
    const delays = Number(step.replace("feed_", "")) - 1;
    if (at < (insertedAt.get(run) ?? 0) + delays * JOURNEY_DELAY_MS)
      violations.push(`the message ${id} of step ${step} is earlier than the end of the delay before it`);
  }
  return violations;
}
