import { cpuUsage } from "node:process";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../util/time-limit.js";
import { RenderError } from "./liquid-errors.js";
import { LIQUID_LIMITS } from "./liquid-limits.js";

/** Returns the limit of a rendering in milliseconds. Liquid checks its own limit first, because its error names the line. */
export const getMaxRenderMs = (): number => LIQUID_LIMITS.renderLimit + 100;

/**
 * Limits all parts of a work that are rendered one by one, in milliseconds. Without it, a run with fifty slow steps would block
 * signals and requests for more than a minute.
 */
const getMaxPartsMs = (): number => 5 * getMaxRenderMs();

/** Renders a part that can fail alone, such as a step. Throws {@link RenderError} at its time limit. */
export type RenderPart = <T>(render: () => T) => T;

/** The limit of a part that got little CPU time, because the computer is busy. */
const getMaxDelayedRenderMs = (): number => 3 * getMaxRenderMs();

function createLimitError(cause?: unknown): RenderError {
  return new RenderError(`rendering exceeds the time limit of ${LIQUID_LIMITS.renderLimit / 1_000} seconds`, { cause });
}

/** Returns the CPU time of the process in milliseconds. */
function readCpuTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000;
}

/** How long a reading of the CPU time stays in use in milliseconds. A reading takes 0.01 ms, which is as long as a short template takes. */
const READING_MS = 10;
const lastReading = { at: Number.NEGATIVE_INFINITY, cpuTime: 0 };

/** Returns the CPU time of the process at most {@link READING_MS} ago, which is exact enough for limits of seconds. */
function readRecentCpuTime(): number {
  const at = monotonicClock.now();
  if (at - lastReading.at > READING_MS) Object.assign(lastReading, { at, cpuTime: readCpuTime() });
  return lastReading.cpuTime;
}

/** Returns whether work that was ended by the limit had less than half of the time for itself. */
const wasDelayed = (cpuTimeBefore: number): boolean => readCpuTime() - cpuTimeBefore < getMaxRenderMs() / 2;

/** Renders a part within a limit of its own. */
export const renderWithinLimit: RenderPart = (render) => {
  const cpuTime = readRecentCpuTime();
  try {
    return runWithTimeLimit(getMaxRenderMs(), render);
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
    if (!wasDelayed(cpuTime)) throw createLimitError(error);
  }
  try {
    return runWithTimeLimit(getMaxDelayedRenderMs(), render);
  } catch (error) {
    throw error instanceof TimeLimitExceeded ? createLimitError(error) : error;
  }
};

/** The last part that shares a limit with others. A change of the system's time only costs another rendering. */
const lastPart = { index: -1, startedAt: 0 };
let sharedCpuTime = 0;

/** Runs work whose parts share a limit. Throws {@link TimeLimitExceeded}. */
export function runInSharedLimit<T>(limitMs: number, work: () => T): T {
  sharedCpuTime = readRecentCpuTime();
  return runWithTimeLimit(limitMs, work);
}

/** Starts to count the parts of one work, such as the advance of a run. */
export function beginParts(): void {
  lastPart.index = -1;
}

/** Renders a part within a limit that it shares with others. */
export const renderInSharedLimit: RenderPart = (render) => {
  lastPart.index++;
  lastPart.startedAt = Date.now();
  return render();
};

/**
 * Returns how to render the parts of a work again, after it was ended by the limit that they share: each within a limit of
 * its own. The part that was ended fails immediately if it has used up its time, and the others after {@link getMaxPartsMs}
 * together.
 */
export function createPartRenderer(): RenderPart {
  const isUsedUp = Date.now() - lastPart.startedAt >= LIQUID_LIMITS.renderLimit && !wasDelayed(sharedCpuTime);
  const slowIndex = isUsedUp ? lastPart.index : -1;
  let index = 0;
  let firstAt: number | undefined;
  return (render) => {
    if (index++ === slowIndex) throw createLimitError();
    firstAt ??= Date.now();
    if (Date.now() - firstAt >= getMaxPartsMs())
      throw new RenderError("not rendered, because earlier renderings of the same run took too long together");
    return renderWithinLimit(render);
  };
}

/**
 * Renders all parts within one limit, because each limit takes 0.05 ms. If they exceed it, `render` is called again with a
 * limit for each part. It must have no side effects.
 */
export function renderParts<T>(render: (renderPart: RenderPart) => T): T {
  beginParts();
  try {
    return runInSharedLimit(getMaxRenderMs(), () => render(renderInSharedLimit));
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
    return render(createPartRenderer());
  }
}
