import { Script } from "node:vm";
import { endsWithin } from "./ends-within.js";
import { monotonicClock } from "./monotonic-clock.js";
import { once } from "./once.js";
import { getErrorCode } from "./text-file.js";

/** The error of {@link runWithTimeLimit} for work that takes too long. */
export class TimeLimitExceeded extends Error {
  constructor(readonly limitMs: number) {
    super(`not finished within ${limitMs} ms`);
  }
}

/** The property in which the script below finds the work. A script's timeout covers only what the script itself calls. */
const SLOT = Symbol.for("knock-cli/work-within-time");
/** Returns the global object of the script, which is another one than that of this module in Jest. */
const getSlots = once(() => new Script("globalThis").runInThisContext() as Record<symbol, (() => unknown) | undefined>);
const getSlotScript = once(() => new Script('globalThis[Symbol.for("knock-cli/work-within-time")]()'));

/** The numbers that {@link superviseWork} shares: how often work has begun or ended, and the limit of the work that runs, or 0. */
export const SUPERVISED = { turns: 0, limitMs: 1, size: 2 };

interface Supervision {
  shared: Int32Array;
  /** Called for work that ended late. It must end the thread. */
  onLate(): void;
}

let supervision: Supervision | null = null;

/**
 * Shares with another thread which work runs, which must end this one when the work exceeds its limit. The work then needs no
 * timeout, which takes up to 0.4 ms while another processor is idle.
 */
export function superviseWork(shared: Int32Array, onLate: () => void): void {
  supervision = { shared, onLate };
}

function runSupervised<T>(current: Supervision, limitMs: number, work: () => T): T {
  const { shared, onLate } = current;
  const startedAt = monotonicClock.now();
  const setLimit = (ms: number): void => {
    Atomics.store(shared, SUPERVISED.limitMs, ms);
    Atomics.add(shared, SUPERVISED.turns, 1);
  };
  supervision = null; // Work inside this work has a timeout.
  setLimit(limitMs);
  try {
    return work();
  } finally {
    setLimit(0);
    supervision = current;
    if (monotonicClock.now() - startedAt > limitMs) onLate();
  }
}

/**
 * Runs synchronous work and stops it after `limitMs` milliseconds, also in the middle of a regular expression. No signal and no
 * other request is handled while it runs. Costs about 0.06 ms. Throws {@link TimeLimitExceeded}; the work's `finally` blocks do
 * not run then, so it must not leave anything half-changed.
 */
export function runWithTimeLimit<T>(limitMs: number, work: () => T): T {
  if (supervision !== null) return runSupervised(supervision, limitMs, work);
  const slots = getSlots();
  const outerWork = slots[SLOT];
  slots[SLOT] = work;
  try {
    return getSlotScript().runInThisContext({ timeout: limitMs }) as T;
  } catch (error) {
    if (getErrorCode(error) === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw new TimeLimitExceeded(limitMs);
    throw error;
  } finally {
    slots[SLOT] = outerWork;
  }
}

/** Returns the result of work, or throws the error if it takes longer than `limitMs` milliseconds. The work is not stopped. */
export async function withTimeLimit<T>(work: Promise<T>, limitMs: number, createError: () => Error): Promise<T> {
  if (await endsWithin(work, limitMs)) return work;
  throw createError();
}
