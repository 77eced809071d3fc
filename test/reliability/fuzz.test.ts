import { afterAll, beforeAll, describe, it } from "vitest";
import { FUZZ_TARGETS } from "./fuzz/fuzz-targets.js";
import { checkInput, readFoundInputs, runFuzzTarget } from "./fuzz/run-fuzz-target.js";
import { GuidedFuzzer } from "./fuzz/run-guided-fuzzer.js";
import { TEXT_FORMATS } from "./fuzz/text-formats.js";
import { Watchdog } from "./fuzz/watchdog.js";
import { getLongRuns, getTestLimit, reportFigures } from "./long-runs.js";

const isLong = getLongRuns("fuzz", 1, 0) === 1;
const seed = Number(process.env.KNOCK_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const figures: Record<string, number> = { seed, inputs: 0 };

afterAll(() => reportFigures("fuzz", figures));

describe("no input causes a crash, a hang, growing memory, an undocumented error or control characters on a terminal", () => {
  let watchdog: Watchdog;
  beforeAll(() => {
    watchdog = new Watchdog();
  });
  afterAll(() => watchdog.close());

  it.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))(
    "%s",
    { timeout: getTestLimit("fuzz") },
    async (_name, target) => {
      const opened = await target.open();
      try {
        for (const [, input] of readFoundInputs(target.name)) await checkInput(target, opened, input, watchdog);
        const runs = getLongRuns("fuzz", target.runs, target.shortRuns);
        const result = await runFuzzTarget(target, opened, { inputs: runs, seed, isLong }, watchdog);
        const { inputs } = result;
        figures.inputs = (figures.inputs ?? 0) + inputs;
        figures[target.name] = inputs;
        if (!isLong) return;
        process.stderr.write(`fuzz: ${target.name}, ${inputs} inputs in ${Math.round(result.seconds)} s\n`);
        figures[`${target.name}_inputs_per_second`] = Math.round(inputs / result.seconds);
        figures[`${target.name}_slowest_ms`] = Math.round(result.slowest);
      } finally {
        await opened.close?.();
      }
    },
  );
});

/** Inputs of each format that the coverage-guided fuzzer tries. */
const GUIDED_INPUTS = 20_000;

// The fuzzer needs seconds to instrument the code, so only the long form runs it.
describe.runIf(isLong)("a text that reaches new code", () => {
  let fuzzer: GuidedFuzzer;
  beforeAll(async () => {
    fuzzer = await GuidedFuzzer.open();
  });
  afterAll(() => fuzzer.close());

  it.each(Object.keys(TEXT_FORMATS))(
    "causes no crash, hang, growing memory or undocumented error: %s",
    { timeout: 600_000 },
    async (name) => {
      const inputs = await fuzzer.run(name, GUIDED_INPUTS, seed);
      figures.inputs = (figures.inputs ?? 0) + inputs;
      figures[`${name}_guided`] = inputs;
      process.stderr.write(`fuzz: ${name}, ${inputs} guided inputs\n`);
    },
  );
});
