import { getBuiltinModule, versions } from "node:process";

/** V8 11 is that of Node 20. Later versions do not know the flag, and optimize fewer functions. */
const HAS_BUDGET = versions.v8.startsWith("11.");
const DEFAULT_BUDGET = 67_584;
/**
 * The bytecode that a function runs before V8 optimizes it. With the default, each thread optimizes 450 functions, which
 * takes longer than it saves in a run of a few seconds: 1,000 scenarios take 2.4 s with this budget and 3.0 s without it.
 */
const TEST_BUDGET = 600_000;

function setBudget(bytes: number): void {
  if (HAS_BUDGET) getBuiltinModule("node:v8").setFlagsFromString(`--interrupt-budget=${bytes}`);
}

/** Makes V8 optimize functions later, in all threads of the process, until `restoreOptimization` is called. */
export function delayOptimization(): void {
  setBudget(TEST_BUDGET);
}

/**
 * Restores the default. V8 refuses compiled code that was stored with other flags, so this must happen before a thread
 * stores its code or loads stored code.
 */
export function restoreOptimization(): void {
  setBudget(DEFAULT_BUDGET);
}
