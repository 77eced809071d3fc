import { appendFileSync } from "node:fs";
import type { ExpectationResult } from "../domain/run/expectation.js";
import { getErrorMessage } from "../errors/knock-error.js";
import { escapeMarkdownCell, formatErrorCommand } from "../output/github-commands.js";
import type { Output } from "../output/output.js";

type EnvironmentVariables = Record<string, string | undefined>;

/** Returns the annotation that GitHub Actions shows for an expectation that is not met. */
export function formatAnnotation(title: string, { rule, found }: ExpectationResult): string {
  return formatErrorCommand({ title }, `expected ${rule}: ${found ?? ""}`);
}

/** Returns the Markdown of a job summary that lists every expectation. */
export function formatJobSummary(title: string, results: readonly ExpectationResult[]): string {
  const rows = results.map(
    ({ rule, met, found }) =>
      `| ${met ? "✓" : "✗"} | <code>${escapeMarkdownCell(rule)}</code> | ${escapeMarkdownCell(found ?? "")} |`,
  );
  return [`### ${escapeMarkdownCell(title)}`, "", "| | Expected | Found |", "|---|---|---|", ...rows, "", ""].join(
    "\n",
  );
}

/**
 * Appends Markdown to the file that `GITHUB_STEP_SUMMARY` names. Returns whether it was written, and warns if it cannot be.
 */
export function appendJobSummary(markdown: string, env: EnvironmentVariables, output: Output): boolean {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return false;
  try {
    appendFileSync(file, markdown);
    return true;
  } catch (error) {
    output.warn(`the job summary was not written: ${getErrorMessage(error)}`);
    return false;
  }
}

/** Writes annotations to standard error, and the job summary. */
export function reportToGitHub(
  title: string,
  results: readonly ExpectationResult[],
  env: EnvironmentVariables,
  output: Output,
): void {
  for (const result of results) if (!result.met) output.errorLine(formatAnnotation(title, result));
  appendJobSummary(formatJobSummary(title, results), env, output);
}
