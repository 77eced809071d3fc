import { describe, expect, it } from "vitest";
import { DueWorker } from "../../src/emulator/due-worker.js";

describe("the worker for due work", () => {
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
    const worker = new DueWorker({
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
});
