import { describe, expect, it } from "vitest";
import { StoreWatcher } from "../../../../src/features/dev/emulator/store-watcher.js";
import type { LocalOperations } from "../../../../src/ports/operations.js";
import { eventually } from "../../../helpers/eventually.js";

/** Watches a store whose change token the test sets; an Error as the token is thrown. */
function watching(token: { value: string | Error; looks: number }): { watch: StoreWatcher; errors: unknown[] } {
  const errors: unknown[] = [];
  const operations: Pick<LocalOperations, "readChangeToken"> = {
    async readChangeToken() {
      token.looks++;
      if (token.value instanceof Error) throw token.value;
      return token.value;
    },
  };
  return { watch: new StoreWatcher(operations, (error) => errors.push(error)), errors };
}

describe("StoreWatcher", () => {
  it("notifies all listeners of a change by one read, and stops reading without listeners", async () => {
    const token = { value: "1", looks: 0 };
    const { watch } = watching(token);
    const heard = [0, 0];
    const leave = [0, 1].map((at) => watch.subscribe(() => heard[at]!++));
    await eventually(() => heard[0] === 1 && heard[1] === 1);
    await eventually(() => token.looks > 3);
    expect(heard).toEqual([1, 1]);
    leave[0]?.();
    token.value = "2";
    await eventually(() => heard[1] === 2);
    expect(heard[0]).toBe(1);
    leave[1]?.();
    const { looks } = token;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(token.looks).toBeLessThanOrEqual(looks + 1);
    watch.subscribe(() => heard[0]!++);
    await eventually(() => token.looks > looks + 1);
  });

  it("reads at once when this process has written, and only a few times for many writes", async () => {
    const token = { value: "1", looks: 0 };
    const { watch } = watching(token);
    const heard: string[] = [];
    const leave = watch.subscribe(() => heard.push(token.value));
    await eventually(() => heard.length === 1);
    const before = token.looks;
    while (token.looks === before) await new Promise((resolve) => setImmediate(resolve));
    for (let count = 0; count < 1_000; count++) {
      token.value = `2.${count}`;
      watch.notifyChange();
    }
    // Without notifyChange it would read later than this: due timers run in the order of their times.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard.at(-1)).toBe("2.999");
    expect(token.looks).toBeLessThanOrEqual(before + 4);
    leave();
  });

  it("reports a read error once, and continues", async () => {
    const token: { value: string | Error; looks: number } = { value: new Error("the disk is gone"), looks: 0 };
    const { watch, errors } = watching(token);
    let heard = 0;
    const leave = watch.subscribe(() => heard++);
    await eventually(() => token.looks === 2);
    expect(errors).toHaveLength(1);
    token.value = "1";
    await eventually(() => heard === 1);
    leave();
  });
});
