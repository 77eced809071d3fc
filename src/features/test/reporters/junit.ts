import type { Output } from "../../../output/output.js";
import { formatFailureTitle, formatScenarioProblems } from "../../../scenarios/format-failure.js";
import type { EmailReport, ReportedFile, ReportedScenario, TestReport } from "../../../scenarios/test-report.js";
import { formatFirstMessage } from "../print-email-findings.js";
import type { CreateReporter } from "./reporter.js";

/** Characters that XML 1.0 does not allow, not even as references, among them halves of surrogate pairs. */
const INVALID_CHARACTERS =
  /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Replaces characters that XML cannot contain, or that reorder text, by escape sequences that a reader can understand. */
function replaceInvalidCharacters(text: string): string {
  return text.replace(
    INVALID_CHARACTERS,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** Escapes an attribute value. Line breaks and tabs become references, because a parser would turn them into spaces. */
function escapeAttribute(text: string): string {
  return replaceInvalidCharacters(text).replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

/** Returns a CDATA section. The sequence that ends it is split over two sections. */
function formatCdata(text: string): string {
  return `<![CDATA[${replaceInvalidCharacters(text).replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
}

function formatAttributes(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join("");
}

const formatSeconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(3);

interface TestCase {
  name: string;
  duration_ms: number;
  status: ReportedScenario["status"];
  /** The element below the test case, without its text; null for a test that passed. */
  problem: { element: "failure" | "error" | "skipped"; message: string; type: string; text: string } | null;
  /** The text that a test case without a problem prints. */
  note?: string;
}

function toTestCase(file: ReportedFile, scenario: ReportedScenario, output: Output): TestCase {
  const { name, duration_ms, status, error, failures, skip } = scenario;
  const text = formatScenarioProblems(file, scenario, output).join("\n");
  const [first] = failures;
  const getProblem = (): TestCase["problem"] => {
    if (error !== null) return { element: "error", message: error.message, type: error.code, text };
    if (skip !== null) return { element: "skipped", message: skip, type: "skipped", text: "" };
    return first === undefined
      ? null
      : { element: "failure", message: formatFailureTitle(first), type: "expectation", text };
  };
  return { name, duration_ms, status, problem: getProblem() };
}

function listTestCases(file: ReportedFile, output: Output): TestCase[] {
  const { error, scenarios } = file;
  const cases = scenarios.map((scenario) => toTestCase(file, scenario, output));
  if (error === null) return cases;
  const text = [error.message, error.hint ?? ""].join("\n");
  const problem = { element: "error", message: error.message, type: error.code, text } as const;
  return [...cases, { name: file.file, duration_ms: 0, status: "broken", problem }];
}

/** Returns a test case for each problem of the scenarios' emails. Warnings do not fail. */
function listEmailCases({ findings }: EmailReport): TestCase[] {
  return findings.map(({ severity, code, message, file, line, column, messages }): TestCase => {
    const at = `${file}:${line}:${column}`;
    const text = `${at}: ${message}\n${formatFirstMessage(messages)}`;
    const common = { name: `${at}: ${code}`, duration_ms: 0 };
    if (severity !== "error") return { ...common, status: "passed", problem: null, note: text };
    return { ...common, status: "failed", problem: { element: "failure", message, type: code, text } };
  });
}

function formatTestCase({ name, duration_ms, problem, note }: TestCase, classname: string): string {
  const attributes = formatAttributes({ name, classname, time: formatSeconds(duration_ms) });
  if (problem === null) {
    if (note === undefined) return `    <testcase${attributes}/>`;
    return `    <testcase${attributes}>\n      <system-out>${formatCdata(note)}</system-out>\n    </testcase>`;
  }
  const { element, message, type, text } = problem;
  const content = text === "" ? "/>" : `>${formatCdata(text)}</${element}>`;
  return `    <testcase${attributes}>\n      <${element}${formatAttributes({ message, type })}${content}\n    </testcase>`;
}

interface TestSuite {
  name: string;
  /** The file of the suite, if it has one. */
  file?: string;
  cases: TestCase[];
}

/** Returns a suite for each file, and one for the problems of emails if they were checked. */
function listTestSuites({ files, emails }: TestReport, output: Output): TestSuite[] {
  const suites = files.map((file) => ({ name: file.file, file: file.file, cases: listTestCases(file, output) }));
  return emails === null ? suites : [...suites, { name: "emails", cases: listEmailCases(emails) }];
}

function countCases(cases: readonly TestCase[], status: ReportedScenario["status"]): number {
  return cases.filter((item) => item.status === status).length;
}

function formatTestSuite({ name, file, cases }: TestSuite): string {
  const count = (status: ReportedScenario["status"]): number => countCases(cases, status);
  const attributes = formatAttributes({
    name,
    ...(file === undefined ? {} : { file }),
    tests: cases.length,
    failures: count("failed"),
    errors: count("broken"),
    skipped: count("skipped"),
    time: formatSeconds(cases.reduce((sum, { duration_ms }) => sum + duration_ms, 0)),
  });
  const content = cases.map((item) => formatTestCase(item, name));
  return [`  <testsuite${attributes}>`, ...content, "  </testsuite>"].join("\n");
}

function formatDocument(report: TestReport, output: Output): string {
  const suites = listTestSuites(report, output);
  const cases = suites.flatMap((suite) => suite.cases);
  const attributes = formatAttributes({
    name: "knock test",
    tests: cases.length,
    failures: countCases(cases, "failed"),
    errors: countCases(cases, "broken"),
    time: formatSeconds(report.duration_ms),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes}>`,
    ...suites.map(formatTestSuite),
    "</testsuites>",
    "",
  ].join("\n");
}

/**
 * Prints JUnit XML: a suite for each file and for the problems of emails, a test case for each scenario and problem. Broken
 * scenarios are errors.
 */
export const createJunitReporter: CreateReporter = ({ output }) => ({
  finish: (report) => output.raw(formatDocument(report, output)),
});
