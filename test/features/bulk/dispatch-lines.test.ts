import { expect, it } from "vitest";
import type { CommandContext } from "../../../src/context/command-context.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { dispatchLines } from "../../../src/features/bulk/dispatch-lines.js";
import type { HandledLine, LineRun } from "../../../src/features/bulk/line-run.js";
import type { PayloadLine } from "../../../src/input/payload-lines.js";

const CONTEXT = {
  signal: new AbortController().signal,
  output: { flush: async () => {} },
} as unknown as CommandContext;

/** Lets all promises that can settle do so, and Node report unhandled rejections. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function* yieldLines(count: number): AsyncGenerator<PayloadLine[]> {
  yield Array.from({ length: count }, (_, index) => ({ number: index + 1 }) as PayloadLine);
}

it("sends no line after a fatal error, and reports it after the earlier lines", async () => {
  const performed: number[] = [];
  const settled: number[] = [];
  const unhandled: unknown[] = [];
  let resolveFirst: (handled: HandledLine) => void = () => {};
  const first = new Promise<HandledLine>((resolve) => {
    resolveFirst = resolve;
  });
  const run = {
    async perform(line: PayloadLine): Promise<HandledLine> {
      performed.push(line.number);
      if (line.number === 1) return first;
      throw new KnockError("authentication", `line ${line.number} is refused`);
    },
    settle: async ({ line }: HandledLine) => void settled.push(line.number),
  } as unknown as LineRun;
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  process.prependListener("unhandledRejection", onUnhandled);
  try {
    const ended = dispatchLines(yieldLines(5), run, 3, CONTEXT);
    ended.catch(() => {});
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(performed).toEqual([1, 2]);
    resolveFirst({ recipients: 1, line: { number: 1 } as PayloadLine, results: [], error: null });
    await expect(ended).rejects.toThrow("line 2 is refused");
    expect({ performed, settled, unhandled }).toEqual({ performed: [1, 2], settled: [1], unhandled: [] });
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
});
