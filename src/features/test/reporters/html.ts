import { escapeJson } from "../../../output/escape-controls.js";
import type { Output } from "../../../output/output.js";
import { formatFailureDetails } from "../../../scenarios/format-failure.js";
import type { ReportedScenario, ScenarioMessage, TestReport } from "../../../scenarios/test-report.js";
import type { CreateReporter } from "./reporter.js";

/** Limits the messages of a report, in UTF-16 code units of their JSON. Browsers open larger pages slowly. */
const MAX_MESSAGES_LENGTH = 20_000_000;

/** The text of the page that the results replace. */
const PLACEHOLDER = '"report-data"';

const hasProblem = ({ status }: ReportedScenario): boolean => status === "failed" || status === "broken";

/** Returns the scenarios whose messages fit into the report. Those with problems come first. */
function selectShown(report: TestReport, messages: readonly ScenarioMessage[][][]): Set<ReportedScenario> {
  const scenarios = report.files.flatMap((file, index) =>
    file.scenarios.map((scenario, at) => ({ scenario, length: JSON.stringify(messages[index]?.[at] ?? []).length })),
  );
  const shown = new Set<ReportedScenario>();
  let total = 0;
  for (const { scenario, length } of scenarios.sort(
    (a, b) => Number(hasProblem(b.scenario)) - Number(hasProblem(a.scenario)),
  )) {
    total += length;
    if (total > MAX_MESSAGES_LENGTH) break;
    shown.add(scenario);
  }
  return shown;
}

/** Returns the data of the page. Messages that do not fit are null. */
function buildData({ details, ...report }: TestReport, output: Output) {
  const { messages, diagrams } = details ?? { messages: [], diagrams: [] };
  const shown = selectShown({ details, ...report }, messages);
  return {
    ...report,
    diagrams,
    files: report.files.map((file, index) => ({
      ...file,
      scenarios: file.scenarios.map((scenario, at) => ({
        ...scenario,
        failures: scenario.failures.map((failure) => {
          const { subject, step, line } = failure;
          return { subject, step, line, text: formatFailureDetails(failure, output) };
        }),
        messages: shown.has(scenario) ? (messages[index]?.[at] ?? []) : null,
      })),
    })),
  };
}

/** Writes one HTML page with the results, the messages as their readers see them, and the coverage of the workflows. */
export const createHtmlReporter: CreateReporter = ({ output, readReportPage }) => ({
  finish(report) {
    // An HTML parser would end the script element at a "</script>" in a message.
    const json = escapeJson(JSON.stringify(buildData(report, output))).replaceAll("<", "\\u003c");
    output.raw(readReportPage().replace(PLACEHOLDER, () => json));
  },
});
