import { findUnexplained, type Interval, type SequentialModel } from "./linearizability.js";

/** The time of reads of the final state, which are after all others. */
const END = Number.MAX_SAFE_INTEGER;

/** Operations by the object that they are on. */
export class Partitions<Operation> {
  readonly byKey = new Map<string, Interval<Operation>[]>();

  add(key: string, operation: Operation, { invokedAt, respondedAt } = { invokedAt: END, respondedAt: END }): void {
    const partition = this.byKey.get(key) ?? [];
    partition.push({ operation, invokedAt, respondedAt });
    this.byKey.set(key, partition);
  }

  check<State>(name: string, model: SequentialModel<State, Operation>): string[] {
    return [...this.byKey].flatMap(([key, history]) => {
      const unexplained = findUnexplained(history, model);
      if (unexplained === null) return [];
      const { isUndecided, state, next } = unexplained;
      const verdict = isUndecided ? "has too many possible orders" : "has no possible order";
      const options = next.map((operation) => `\n  ${JSON.stringify(operation)}`);
      return [
        `the history of ${name} ${key} ${verdict}: in the state ${JSON.stringify(state)} none of these is possible${options.join("")}`,
      ];
    });
  }
}

/** Returns the items by a key. */
export function groupBy<Item>(items: readonly Item[], getKey: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(getKey(item));
    if (group === undefined) groups.set(getKey(item), [item]);
    else group.push(item);
  }
  return groups;
}
