import { afterAll, beforeAll, describe, it } from "vitest";
import { FUZZ_TARGETS } from "./fuzz/fuzz-targets.js";
import { checkInput, readFoundInputs, runFuzzTarget } from "./fuzz/run-fuzz-target.js";
import { Watchdog } from "./fuzz/watchdog.js";
import { getLongRuns, reportFigures } from "./long-runs.js";

const isLong = getLongRuns("fuzz", 1, 0) === 1;
const seed = Number(process.env.KNOCK_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const figures: Record<string, number> = { seed, inputs: 0 };

describe("no input causes a crash, a hang, growing memory, an undocumented error or control characters on a terminal", () => {
  let watchdog: Watchdog;
  beforeAll(() => {
    watchdog = new Watchdog();
  });
  afterAll(async () => {
    await watchdog.close();
    reportFigures("fuzz", figures);
  });

  it.each(FUZZ_TARGETS)("$name", { timeout: 3_600_000 }, async (target) => {
    const opened = await target.open();
    try {
      for (const [, input] of readFoundInputs(target.name)) await checkInput(target, opened, input, watchdog);
      const inputs = getLongRuns("fuzz", target.runs, target.shortRuns);
      const result = await runFuzzTarget(target, opened, { inputs, seed, isLong }, watchdog);
      figures.inputs = (figures.inputs ?? 0) + inputs;
      figures[target.name] = inputs;
      if (!isLong) return;
      process.stderr.write(`fuzz: ${target.name}, ${inputs} inputs in ${Math.round(result.seconds)} s\n`);
      figures[`${target.name}_inputs_per_second`] = Math.round(inputs / result.seconds);
      figures[`${target.name}_slowest_ms`] = Math.round(result.slowest);
    } finally {
      await opened.close?.();
    }
  });
});
