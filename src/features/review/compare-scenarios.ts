import type { ProcessIO } from "../../context/process-io.js";
import { buildCoverage, REQUIRED_KINDS } from "../../scenarios/coverage.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { type FileOutcome, FileRunner } from "../../scenarios/run-file.js";
import type { StepCondition } from "../../scenarios/step-condition.js";
import type { TestOptions } from "../../scenarios/test-options.js";
import { type ReportedScenario, type ScenarioStatus, summarizeFiles } from "../../scenarios/test-report.js";
import type { ReviewReport } from "./review-report-schema.js";
import { SCENARIO_SEED, type ScenarioFile } from "./scenario-samples.js";

type ScenarioReview = ReviewReport["scenarios"];

const OPTIONS: TestOptions = {
  paths: [],
  filter: null,
  bail: false,
  snapshots: "compare",
  seed: SCENARIO_SEED,
  timeoutMs: 10_000,
  repeat: 1,
  shard: null,
  changedSince: null,
  workers: 1,
  emails: null,
  recordsReached: true,
  recordsDetails: false,
  coverage: null,
  mutate: false,
};

/** The results of one file of scenarios on one side. */
export type FileResult = FileOutcome | null;

/** Runs a file of scenarios with its expectations. Nothing is written. */
export function runScenarioFile(
  targets: ScenarioTargets,
  { file }: ScenarioFile,
  index: number,
  { signal }: Pick<ProcessIO, "signal">,
): Promise<FileResult> {
  return new FileRunner(targets, OPTIONS, signal).run({ ...file, index, workflows: null });
}

async function computeCoverage(targets: ScenarioTargets, results: readonly FileResult[]): Promise<number> {
  const workflows = await targets.readWorkflows();
  const conditions = new Map<string, StepCondition[]>();
  for (const workflow of workflows) conditions.set(workflow.key, await targets.listStepConditions(workflow));
  const reached = new Set(results.flatMap((result) => result?.reached ?? []));
  const { total } = buildCoverage(workflows, reached, null, conditions);
  const count = (field: "covered" | "total"): number =>
    REQUIRED_KINDS.reduce((sum, kind) => sum + total[kind][field], 0);
  return count("total") === 0 ? 100 : Math.floor((count("covered") / count("total")) * 1_000) / 10;
}

function describeFailure({ error, failures }: ReportedScenario): string | null {
  if (error !== null) return error.message;
  const [first] = failures;
  return first === undefined ? null : `${first.subject}: expected ${first.expected}, found ${first.found}`;
}

interface NamedStatus {
  file: string;
  name: string;
  status: ScenarioStatus;
  message: string | null;
}

const isUnreadable = (result: FileResult | undefined): boolean => (result?.reported.error ?? null) !== null;

/**
 * Returns the scenarios of a side by the path of their file in the project and their name. A file that one side cannot read is one
 * entry on both sides, because its scenarios are unknown there.
 */
function listStatuses(
  results: ReadonlyMap<string, FileResult>,
  others: ReadonlyMap<string, FileResult>,
): Map<string, NamedStatus> {
  const statuses = new Map<string, NamedStatus>();
  for (const [id, result] of results) {
    const { file = id, scenarios = [], error = null } = result?.reported ?? {};
    if (error !== null || isUnreadable(others.get(id))) {
      const message = error === null ? null : error.message;
      const status = error === null ? "passed" : "broken";
      statuses.set(JSON.stringify([id]), { file, name: "(the file)", status, message });
      continue;
    }
    for (const scenario of scenarios)
      statuses.set(JSON.stringify([id, scenario.name]), {
        file,
        name: scenario.name,
        status: scenario.status,
        message: describeFailure(scenario),
      });
  }
  return statuses;
}

/** The results of all files of a side, by their paths in the project. */
export interface ScenarioResults {
  targets: ScenarioTargets;
  results: ReadonlyMap<string, FileResult>;
}

function countStatuses({ results }: ScenarioResults): ScenarioReview["before"] {
  const reported = [...results.values()].flatMap((result) => (result === null ? [] : [result.reported]));
  const { passed, failed, broken, skipped } = summarizeFiles(reported);
  return { passed, failed, broken, skipped };
}

/** Compares the results of the scenarios of both sides, each run on its own side. */
export async function compareScenarios(before: ScenarioResults, after: ScenarioResults): Promise<ScenarioReview> {
  const old = listStatuses(before.results, after.results);
  const now = listStatuses(after.results, before.results);
  const changes = [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const { file, name } = (is ?? was) as NamedStatus;
    const isFailing = is?.status === "failed" || is?.status === "broken";
    if (was?.status === is?.status && !isFailing) return [];
    return [{ file, name, before: was?.status ?? null, after: is?.status ?? null, message: is?.message ?? null }];
  });
  const hasScenarios = old.size + now.size > 0;
  const coverage = hasScenarios
    ? {
        before: await computeCoverage(before.targets, [...before.results.values()]),
        after: await computeCoverage(after.targets, [...after.results.values()]),
      }
    : null;
  return { before: countStatuses(before), after: countStatuses(after), changes, coverage };
}
