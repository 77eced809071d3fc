import { ErrorChecker } from "./fuzz-target.js";
import { TEXT_FORMATS } from "./text-formats.js";

const name = process.env.KNOCK_FUZZ_TARGET ?? "";

async function openTarget() {
  const format = TEXT_FORMATS[name];
  if (format === undefined) throw new Error(`there is no format ${name}`);
  return format.open(await ErrorChecker.open());
}

const opened = openTarget();

/** Checks the bytes that the coverage-guided fuzzer generates, as text. */
export async function fuzz(data: Buffer): Promise<void> {
  await (await opened).check(data.toString());
}
