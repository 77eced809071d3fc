import type { Output } from "../../output/output.js";
import type { EmailReport } from "../../scenarios/test-report.js";

/** Returns the scenario and the recipient of the first message with a problem, and the number of the others. */
export function formatFirstMessage(messages: EmailReport["findings"][number]["messages"]): string {
  const [first] = messages;
  if (first === undefined) return "";
  const others = messages.length - 1;
  const more = others === 0 ? "" : `, and ${others} other ${others === 1 ? "message" : "messages"}`;
  return `in "${first.scenario}" (${first.file}), to ${first.to}${more}`;
}

/** Prints the problems of the emails that scenarios sent, each with the messages that have it. */
export function printEmails({ findings, silenced, checked }: EmailReport, output: Output): void {
  const { colors: paint } = output;
  output.line(paint.bold("emails"));
  for (const { file, line, column, severity, message, code, messages } of findings) {
    const label = severity === "error" ? paint.red(severity) : paint.yellow(severity);
    output.line(`  ${file}:${line}:${column}: ${label}: ${message} ${paint.dim(`[${code}]`)}`);
    output.line(`    ${paint.dim(formatFirstMessage(messages))}`);
  }
  const counts = [`${checked} checked`, `${findings.length} ${findings.length === 1 ? "problem" : "problems"}`];
  output.line(`  ${[...counts, ...(silenced > 0 ? [`${silenced} silenced`] : [])].join(" · ")}`);
}
