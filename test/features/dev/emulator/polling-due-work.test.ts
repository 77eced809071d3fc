import { describe, expect, it } from "vitest";
import { PollingDueWork } from "../../../../src/features/dev/emulator/polling-due-work.js";
import { eventually } from "../../../helpers/eventually.js";

describe("polling for due work", () => {
  it("reports an error once, and again when it returns", async () => {
    let asked = 0;
    let failure: Error | null = new Error("the disk is full");
    const operations = {
      async readTimeUntilDue() {
        asked++;
        if (failure !== null) throw failure;
        return 0;
      },
      runDue: async () => [],
    };
    const errors: unknown[] = [];
    const worker = new PollingDueWork({
      operations,
      onBlocked: () => {},
      onError: (error) => errors.push(error),
      onRun: () => {},
    });
    const looksAgain = async (times: number): Promise<void> => {
      for (const until = asked + times; asked < until; worker.wake())
        await new Promise((resolve) => setImmediate(resolve));
    };
    await looksAgain(5);
    expect(errors).toHaveLength(1);
    failure = null;
    await looksAgain(5);
    failure = new Error("the disk is full");
    await looksAgain(5);
    expect(errors).toHaveLength(2);
    await worker.stop();
  });

  it("reads the due time once for many requests of one moment", async () => {
    let reads = 0;
    const operations = {
      async readTimeUntilDue() {
        reads++;
        return null;
      },
      runDue: async () => [],
    };
    const worker = new PollingDueWork({ operations, onBlocked: () => {}, onError: () => {}, onRun: () => {} });
    await eventually(() => reads >= 2); // before and after the first run
    const before = reads;
    for (let request = 0; request < 100; request++) {
      worker.wake();
      for (let count = 0; count < 10; count++) await Promise.resolve(); // no timer fires between these requests
    }
    expect(reads - before).toBeLessThanOrEqual(1);
    await eventually(() => reads > before);
    await worker.stop();
  });
});
