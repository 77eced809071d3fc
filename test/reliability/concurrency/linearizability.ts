/** An operation on an object, with the times between which it took effect. */
export interface Interval<Operation> {
  operation: Operation;
  invokedAt: number;
  respondedAt: number;
}

/** The behavior of an object that executes one operation after another. */
export interface SequentialModel<State, Operation> {
  initial: State;
  /** Returns the state after an operation, or null if an operation with this result is impossible in this state. */
  apply(state: State, operation: Operation): State | null;
}

/** A history that needs more steps than this is reported instead of being searched for hours. */
const MAX_STEPS = 2_000_000;

/** The longest explanation that was found of a history without a complete one. */
interface UnexplainedHistory<State, Operation> {
  /** Whether the search was too long. Then an explanation may exist. */
  isUndecided: boolean;
  state: State;
  /** The operations that cannot be next in this state, although one of them must be. */
  next: Operation[];
}

/**
 * Searches an order of operations in which each takes effect between its call and its response, and in which the model can
 * return each result (Wing and Gong, with the memory of visited configurations by Lowe). States must be plain JSON with keys in
 * a fixed order. Returns null if there is such an order.
 */
export function findUnexplained<State, Operation>(
  history: readonly Interval<Operation>[],
  { initial, apply }: SequentialModel<State, Operation>,
): UnexplainedHistory<State, Operation> | null {
  const intervals = [...history].sort((a, b) => a.invokedAt - b.invokedAt);
  const isDone = intervals.map(() => false);
  const visited = new Set<string>();
  let steps = 0;
  let done = 0;
  let mostDone = -1;
  let longest = { state: initial, next: [] as Operation[] };

  /** Tries all orders of the operations that are not done. All before `first` are done. */
  const search = (first: number, state: State): boolean => {
    while (isDone[first]) first++;
    if (first === intervals.length) return true;
    // An operation can only be next if no other one has responded before its call.
    let deadline = Number.POSITIVE_INFINITY;
    const candidates: number[] = [];
    for (let index = first; index < intervals.length; index++) {
      const { invokedAt, respondedAt } = intervals[index] as Interval<Operation>;
      if (invokedAt > deadline) break;
      if (isDone[index]) continue;
      candidates.push(index);
      deadline = Math.min(deadline, respondedAt);
    }
    if (done > mostDone) {
      mostDone = done;
      longest = { state, next: candidates.map((index) => (intervals[index] as Interval<Operation>).operation) };
    }
    const later = candidates.length === 0 ? first : (candidates.at(-1) as number);
    const flags = isDone.slice(first, later + 1).map(Number);
    const configuration = `${first} ${flags.join("")} ${JSON.stringify(state)}`;
    if (visited.has(configuration)) return false;
    visited.add(configuration);
    for (const index of candidates) {
      const { invokedAt, operation } = intervals[index] as Interval<Operation>;
      if (invokedAt > deadline) continue;
      if (++steps > MAX_STEPS) return false;
      const next = apply(state, operation);
      if (next === null) continue;
      isDone[index] = true;
      done++;
      if (search(first, next)) return true;
      isDone[index] = false;
      done--;
    }
    return false;
  };

  return search(0, initial) ? null : { isUndecided: steps > MAX_STEPS, ...longest };
}
