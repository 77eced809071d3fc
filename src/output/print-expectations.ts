import type { ExpectationResult } from "../domain/run/expectation.js";
import type { Output } from "./output.js";

/** Prints a line for each rule of `--expect` on standard error. With `--quiet`, only unmet rules are printed. */
export function printExpectations(results: readonly ExpectationResult[], output: Output): void {
  const { errorColors: paint } = output;
  for (const { rule, found } of results) {
    if (found === null) output.note(`${paint.green("✓")} expected ${rule}`);
    else output.errorLine(`${paint.red("✗")} expected ${rule}: ${found}`);
  }
}
