import fc from "fast-check";
import { ErrorChecker, type FuzzTarget } from "../fuzz-target.js";
import { changedText, hostileText } from "../hostile-values.js";
import { TEXT_FORMATS, type TextFormat } from "../text-formats.js";

/** Inputs of each format in the long form and in the short form. */
const RUNS: Readonly<Record<string, [long: number, short: number]>> = {
  json: [150_000, 300],
  json_lines: [30_000, 100],
  csv: [10_000, 100],
  users_csv: [30_000, 100],
  yaml: [20_000, 100],
  po: [100_000, 200],
  times: [80_000, 500],
  cursors: [150_000, 500],
  flags: [60_000, 200],
  tokens: [100_000, 50],
  liquid_text: [20_000, 50],
};

function buildInputs({ samples, parts }: TextFormat): fc.Arbitrary<string> {
  const part = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...parts) }, { weight: 1, arbitrary: hostileText });
  return fc.oneof(
    { weight: 6, arbitrary: changedText(fc.constantFrom(...samples), part) },
    { weight: 2, arbitrary: fc.array(part, { maxLength: 8 }).map((texts) => texts.join("")) },
    { weight: 1, arbitrary: hostileText },
  );
}

/** Formats of texts: files, flags, times, cursors and user tokens. */
export const textTargets = Object.entries(TEXT_FORMATS).map(([name, format]): FuzzTarget<string> => {
  const [runs, shortRuns] = RUNS[name] ?? [20_000, 100];
  return {
    name,
    runs,
    shortRuns,
    inputs: buildInputs(format),
    open: async () => format.open(await ErrorChecker.open()),
  };
});
