import { escapeJson, escapeToOneLine } from "../../../output/escape-controls.js";
import type { Output } from "../../../output/output.js";
import { formatDecision } from "../../../output/print-runs.js";
import type { EmailReport, ReportedFile, ReportedScenario, TestReport } from "../../../scenarios/test-report.js";
import type { JsonObject } from "../../../util/json.js";
import { formatFirstMessage } from "../print-email-findings.js";
import type { CreateReporter } from "./reporter.js";

/** Escapes a description, in which `#` would start a directive. */
function escapeDescription(text: string): string {
  return escapeToOneLine(text.replaceAll("\\", "\\\\")).replaceAll("#", "\\#");
}

/** Returns a YAML block. Its values are JSON, which is YAML, so that no text can end the block. */
function formatDiagnostics(fields: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${escapeJson(JSON.stringify(value))}`);
  return ["---", ...lines, "..."].map((line) => `  ${line}`);
}

/** Returns why the engine decided as it did; undefined if nothing is known. */
function formatWhy(explanation: JsonObject | null, output: Output): string[] | undefined {
  const lines = explanation === null ? [] : formatDecision(explanation, output);
  return lines.length === 0 ? undefined : lines;
}

function formatProblem({ file }: ReportedFile, { error, failures }: ReportedScenario, output: Output): string[] {
  if (error !== null) {
    const { message, hint, line, column, code } = error;
    return formatDiagnostics({ message, severity: "error", code, hint, at: { file, line, column } });
  }
  if (failures.length === 0) return [];
  return formatDiagnostics({
    severity: "fail",
    failures: failures.map(({ subject, expected, found, explanation, step, line, column }) => ({
      message: subject,
      wanted: expected,
      found,
      why: formatWhy(explanation, output),
      step,
      at: { file, line, column },
    })),
  });
}

/** A test point without its number. */
interface TestPoint {
  isOk: boolean;
  description: string;
  diagnostics: string[];
}

function listTestPoints(file: ReportedFile, output: Output): TestPoint[] {
  const name = escapeDescription(file.file);
  const points = file.scenarios.map((scenario): TestPoint => {
    const skip = scenario.skip === null ? "" : ` # SKIP ${escapeDescription(scenario.skip)}`;
    return {
      isOk: scenario.status === "passed" || scenario.status === "skipped",
      description: `${name} > ${escapeDescription(scenario.name)}${skip}`,
      diagnostics: formatProblem(file, scenario, output),
    };
  });
  if (file.error === null) return points;
  const { message, hint, code } = file.error;
  const diagnostics = formatDiagnostics({ message, severity: "error", code, hint });
  return [...points, { isOk: false, description: name, diagnostics }];
}

/** Returns a test point for each problem of the scenarios' emails. Warnings do not fail. */
function listEmailPoints({ findings }: EmailReport): TestPoint[] {
  return findings.map(({ severity, code, message, hint, file, line, column, messages }) => ({
    isOk: severity !== "error",
    description: `emails > ${escapeDescription(`${file}:${line}:${column}: ${code}`)}`,
    diagnostics: formatDiagnostics({
      message,
      severity,
      code,
      hint,
      first: formatFirstMessage(messages),
      at: { file, line, column },
    }),
  }));
}

function formatReport({ files, emails }: TestReport, output: Output): string {
  const points = [
    ...files.flatMap((file) => listTestPoints(file, output)),
    ...(emails === null ? [] : listEmailPoints(emails)),
  ];
  const lines = points.flatMap(({ isOk, description, diagnostics }, index) => [
    `${isOk ? "ok" : "not ok"} ${index + 1} - ${description}`,
    ...diagnostics,
  ]);
  return ["TAP version 14", `1..${points.length}`, ...lines, ""].join("\n");
}

/** Prints TAP 14: a test point for each scenario and for each problem of emails. */
export const createTapReporter: CreateReporter = ({ output }) => ({
  finish: (report) => output.raw(formatReport(report, output)),
});
