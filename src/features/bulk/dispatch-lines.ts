import type { NotifyFlags } from "../../commands/shared/notify-flags.js";
import type { CommandContext } from "../../context/command-context.js";
import type { PayloadLine } from "../../input/payload-lines.js";
import { yieldToEventLoop } from "../../util/event-loop.js";
import { Semaphore } from "../../util/semaphore.js";
import type { HandledLine, LineRun } from "./line-run.js";

/** The number of lines whose outcomes may wait to be printed, because an earlier line takes longer. */
const MAX_UNSETTLED_LINES = 1_000;
/**
 * The number of pending recipients at which outcomes are printed, so that few lines with many recipients do not exhaust
 * memory.
 */
const MAX_PENDING_RECIPIENTS = 1_000;

/** Triggers lines one after another. The lines of a group share a disk sync, after which they are printed. */
export async function performInOrder(
  groups: AsyncIterable<PayloadLine[]>,
  run: LineRun,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  let pending: HandledLine[] = [];
  let recipients = 0;
  const settle = async (): Promise<void> => {
    const handled = pending;
    [pending, recipients] = [[], 0];
    await run.getLocalOperations()?.syncToDisk();
    for (const line of handled) await run.settle(line);
    await context.output.flush(context.signal);
  };
  try {
    for await (const group of groups) {
      for (const line of group) {
        if (context.signal.aborted) break;
        const handled = await run.perform(line);
        pending.push(handled);
        for (const { outcome } of handled.results) recipients += outcome.recipients?.length ?? 1;
        // A wait takes long, so its outcome is printed immediately.
        if (recipients >= MAX_PENDING_RECIPIENTS || flags.wait !== undefined) await settle();
      }
      await settle();
      if (context.signal.aborted) return;
      await yieldToEventLoop();
    }
  } catch (error) {
    // Lines that were triggered before the error are printed. If printing also fails, the first error is reported.
    await settle().catch(() => {});
    throw error;
  }
}

/** Triggers several lines at the same time, and prints their outcomes in the order of the input. */
export async function dispatchLines(
  groups: AsyncIterable<PayloadLine[]>,
  run: LineRun,
  concurrency: number,
  context: CommandContext,
): Promise<void> {
  const [slots, unsettled] = [new Semaphore(concurrency), new Semaphore(Math.max(MAX_UNSETTLED_LINES, concurrency))];
  let settled: Promise<void> = Promise.resolve();
  const failure: { error: unknown } = { error: null };
  /** Whether a line has an error that ends the stream, which may be reported later. */
  let hasFatalLine = false;
  const isEnded = (): boolean => context.signal.aborted || hasFatalLine || failure.error !== null;

  const settleAfter = async (
    previous: Promise<void>,
    performed: Promise<HandledLine>,
    release: () => void,
  ): Promise<void> => {
    await previous;
    try {
      await run.settle(await performed);
    } catch (error) {
      failure.error ??= error;
    } finally {
      release();
    }
  };

  const dispatch = async (): Promise<void> => {
    for await (const group of groups) {
      for (const line of group) {
        const releaseUnsettled = await unsettled.acquire();
        const releaseSlot = await slots.acquire();
        if (isEnded()) return;
        const performed = run
          .perform(line)
          .catch((error: unknown) => {
            hasFatalLine = true;
            throw error;
          })
          .finally(releaseSlot);
        performed.catch(() => {}); // Reported after earlier lines are settled; until then, it must not count as unhandled.
        settled = settleAfter(settled, performed, releaseUnsettled);
      }
      await context.output.flush(context.signal);
      if (isEnded()) return;
    }
  };
  await dispatch().catch((error: unknown) => {
    failure.error ??= error;
  });
  await settled;
  await context.output.flush(context.signal);
  if (failure.error !== null) throw failure.error;
}
