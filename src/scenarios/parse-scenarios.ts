import type * as z from "zod/mini";
import { checkJsonShape } from "../domain/findings/check-json-shape.js";
import { type ReportFinding, reportBelow } from "../domain/findings/report-finding.js";
import { checkClosedDocument } from "../domain/schema/check-document.js";
import { DocumentFindings } from "../domain/schema/document-findings.js";
import type { ErrorDetail, KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, parsePointer } from "../util/json.js";
import { expandRows } from "./expand-rows.js";
import { type Given, type ScenarioStep, scenarioFileSchema, scenarioSchema } from "./scenario-schema.js";

type ScenarioFile = z.infer<ReturnType<typeof scenarioFileSchema>>;
type ExpandedScenario = ReturnType<typeof expandRows>[number] & { key: string };

/** A scenario that can be run. */
export interface Scenario {
  /** The name, unique in its file. */
  name: string;
  /** The path of the scenario in its file. */
  path: readonly string[];
  workflow: string | null;
  given: Given;
  steps: readonly ScenarioStep[];
  /** The reason why it is skipped, or null. */
  skip: string | null;
  /** The problems that prevent it from running, with pointers into its file. It then has no steps. Empty if it is valid. */
  problems: readonly ErrorDetail[];
}

/** Merges what a scenario gives over what its file gives. Lists come first, because their first match is used. */
function mergeGiven(file: Given, own: Given): Given {
  const joinAnswers = (name: "fetch" | "agent") => {
    const answers = [...(own[name]?.answers ?? []), ...(file[name]?.answers ?? [])];
    return answers.length === 0 ? {} : { [name]: { ...file[name], ...own[name], answers } };
  };
  return {
    ...file,
    ...own,
    ...(file.variables || own.variables ? { variables: { ...file.variables, ...own.variables } } : {}),
    ...(file.preferences || own.preferences ? { preferences: { ...file.preferences, ...own.preferences } } : {}),
    ...joinAnswers("fetch"),
    ...joinAnswers("agent"),
  };
}

/** Reports the findings about a file, with its tables expanded to the scenarios of their rows. */
function checkFile(raw: unknown, expanded: readonly ExpandedScenario[], report: ReportFinding): void {
  // A table is checked with its values filled in, because a placeholder may stand for a number.
  const first = new Map<string, Json>();
  for (const { key, scenario } of expanded) if (!first.has(key)) first.set(key, scenario);
  const scenarios = Object.fromEntries(first);
  const document = isJsonObject(raw) && isJsonObject(raw.scenarios) ? { ...raw, scenarios } : raw;
  checkClosedDocument(scenarioFileSchema(), document, report);
  for (const { key, row, scenario } of expanded)
    if (row !== null && row > 1) checkClosedDocument(scenarioSchema(), scenario, reportBelow(report, "scenarios", key));
}

type ExpandedFile = readonly ExpandedScenario[];

/** Returns the scenarios of a file with its tables expanded. */
function expandFile(raw: unknown, report: ReportFinding): ExpandedFile {
  const documents = isJsonObject(raw) && isJsonObject(raw.scenarios) ? raw.scenarios : {};
  return Object.entries(documents).flatMap(([key, document]) =>
    expandRows(key, document, reportBelow(report, "scenarios", key)).map((row) => ({ ...row, key })),
  );
}

/** Returns the part of a file that a finding is about: `["scenarios", key]`, or less for the file itself. */
const getScenarioPath = ({ pointer }: ErrorDetail): string[] => parsePointer(pointer).slice(0, 2);

function toScenarios(file: ScenarioFile, expanded: ExpandedFile, findings: readonly ErrorDetail[]): Scenario[] {
  return expanded.map(({ key, name, scenario }) => {
    const base = { name, path: ["scenarios", key], workflow: file.workflow ?? null };
    const problems = findings.filter((finding) => getScenarioPath(finding)[1] === key);
    if (problems.length > 0) return { ...base, given: {}, steps: [], skip: null, problems };
    const { given = {}, steps, skip } = scenario as ScenarioFile["scenarios"][string];
    return { ...base, given: mergeGiven(file.given ?? {}, given), steps, skip: skip ?? null, problems };
  });
}

/** Returns the error about a name that another scenario, or another row of the same table, has. */
const describeRepeatedName = (name: string, row: number | null): string =>
  `is the second scenario with the name "${name}"${row === null ? "" : `. Use \${column} in the name, with a column in which the rows differ`}`;

/** A file of scenarios, of which some can be invalid. */
interface CheckedScenarios {
  scenarios: Scenario[];
  /** The error with all findings, or null. */
  error: KnockError | null;
}

/**
 * Parses a file of scenarios. Tables are expanded. An invalid scenario has its findings as problems: unknown keys, wrong types,
 * steps with several actions, and expectations that can never fail. Throws `scenario_invalid` if the file itself is invalid.
 */
export function checkScenarios(raw: unknown, fileName: string): CheckedScenarios {
  checkJsonShape(raw, fileName, "scenario_invalid");
  const findings = new DocumentFindings();
  const expanded = expandFile(raw, findings.add);
  checkFile(raw, expanded, findings.add);
  const names = new Set<string>();
  for (const { key, name, row } of expanded) {
    if (names.has(name)) findings.add(["scenarios", key], describeRepeatedName(name, row));
    names.add(name);
  }
  const error = findings.isEmpty ? null : findings.toError(fileName, "scenario_invalid");
  if (error !== null && findings.details.some((finding) => getScenarioPath(finding).length < 2)) throw error;
  return { scenarios: toScenarios(raw as ScenarioFile, expanded, findings.details), error };
}

/** Parses a file of scenarios as {@link checkScenarios} does. Throws `scenario_invalid` with a pointer for each finding. */
export function parseScenarios(raw: unknown, fileName: string): Scenario[] {
  const { scenarios, error } = checkScenarios(raw, fileName);
  if (error !== null) throw error;
  return scenarios;
}
