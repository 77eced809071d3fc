import type { Output } from "../../output/output.js";
import type { ProjectChangeDocument } from "./dev-schemas.js";

/** Prints a change of a followed project's entry: one line on standard error, or with `--json` a document. */
export function printProjectChange(
  { kind, key, branch, change, error, kept }: ProjectChangeDocument,
  output: Output,
): void {
  if (output.verbosity.json)
    return output.errorJson({ change: { kind, key, branch, change, error, kept: change === "broken" && kept } });
  const name = `${key === null ? kind : `${kind} ${key}`}${branch === null ? "" : ` on branch ${branch}`}`;
  if (change !== "broken") return output.note(`${change}: ${name}`);
  const fallback = ["recipients", "schedules"].includes(kind)
    ? "the previously applied data stays"
    : "the last valid version stays active";
  const consequence = kept ? fallback : "it is unavailable until the error is fixed";
  output.warn(`${name}: ${error ?? "cannot be read"}; ${consequence}`);
}
