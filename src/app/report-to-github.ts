import { appendFileSync } from "node:fs";
import type { ExpectationResult } from "../domain/run/expectation.js";
import { getErrorMessage } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";

/** Escapes the data of a workflow command, so that it stays on one line. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Escapes a property of a workflow command, which a colon or a comma would end. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Escapes text for a cell of a Markdown table, so that none of it is read as markup. */
function escapeCell(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[^A-Za-z0-9 .,/()-]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** Returns the annotation that GitHub Actions shows for an expectation that is not met. */
export function formatAnnotation(title: string, { rule, found }: ExpectationResult): string {
  return `::error title=${escapeProperty(title)}::${escapeData(`expected ${rule}: ${found ?? ""}`)}`;
}

/** Returns the Markdown of a job summary that lists every expectation. */
export function formatJobSummary(title: string, results: readonly ExpectationResult[]): string {
  const rows = results.map(
    ({ rule, met, found }) => `| ${met ? "✓" : "✗"} | <code>${escapeCell(rule)}</code> | ${escapeCell(found ?? "")} |`,
  );
  return [`### ${escapeCell(title)}`, "", "| | Expected | Found |", "|---|---|---|", ...rows, "", ""].join("\n");
}

/** Writes annotations to standard error, and the job summary to the file that `GITHUB_STEP_SUMMARY` names. */
export function reportToGitHub(
  title: string,
  results: readonly ExpectationResult[],
  env: Record<string, string | undefined>,
  output: Output,
): void {
  for (const result of results) if (!result.met) output.errorLine(formatAnnotation(title, result));
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  try {
    appendFileSync(file, formatJobSummary(title, results));
  } catch (error) {
    output.warn(`the job summary was not written: ${getErrorMessage(error)}`);
  }
}
