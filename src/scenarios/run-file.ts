import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isInsideFolder } from "../context/is-inside-folder.js";
import { describeFinding } from "../domain/findings/describe-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import type { OnTemplateCondition } from "../ports/definitions.js";
import type { LocalOperations } from "../ports/operations.js";
import { type ProjectFile, readProjectText } from "../project/read-project-text.js";
import { createEventLoopYield } from "../util/event-loop.js";
import { toPointer } from "../util/json.js";
import { type ChangedParts, isAffected } from "./changed-parts.js";
import { listReachedItems } from "./coverage.js";
import { createTemplateConditionId } from "./list-coverage-items.js";
import { listScenarioWorkflows } from "./list-scenario-workflows.js";
import { createNameFilter } from "./name-filter.js";
import { listRecipientRuns, readAllMessages } from "./observe.js";
import type { ScenarioTargets } from "./open-scenario-target.js";
import type { Scenario } from "./parse-scenarios.js";
import { readScenarios, type ScenarioFileContent } from "./read-scenarios.js";
import { runScenario } from "./run-scenario.js";
import type { ScenarioTarget } from "./scenario-target.js";
import { parseSnapshots, type SnapshotMode, Snapshots } from "./snapshots.js";
import type { TestOptions } from "./test-options.js";
import type { ReportedFile, ReportedScenario, ScenarioMessage, ScenarioResult } from "./test-report.js";
import { writeTestFile } from "./write-test-file.js";

/** Reads the messages of a scenario, oldest first, with the snapshots that differ from them. */
async function readScenarioMessages({ operations, reader }: ScenarioTarget): Promise<ScenarioMessage[]> {
  const messages = await readAllMessages(operations);
  return messages.map((message) => ({ ...message, previous: reader.readPreviousContent(message) }));
}

/** Passes the parts of workflows that the runs of a scenario reached to `onRun`, for each recipient run. */
async function readReachedParts(
  operations: LocalOperations,
  onRun: (workflow: string, parts: readonly string[]) => void,
): Promise<void> {
  for (const { id } of await listRecipientRuns(operations)) {
    const run = await operations.readRecipientRun(String(id));
    if (run !== null) onRun(String(run.workflow), listReachedItems(run));
  }
}

const SNAPSHOT_FOLDER = "__snapshots__";

function toSnapshotFile({ path, displayPath }: ProjectFile): ProjectFile {
  const inFolder = (file: string): string => join(dirname(file), SNAPSHOT_FOLDER, `${basename(file)}.json`);
  return { path: inFolder(path), displayPath: inFolder(displayPath) };
}

function readSnapshots(file: ProjectFile, mode: SnapshotMode): Snapshots {
  const snapshotFile = toSnapshotFile(file);
  if (!existsSync(snapshotFile.path)) return new Snapshots({}, mode);
  const text = readProjectText(snapshotFile.path, snapshotFile.displayPath, "scenario_invalid");
  return parseSnapshots(text, snapshotFile.displayPath, mode);
}

function writeSnapshots(file: ProjectFile, snapshots: Snapshots): void {
  const text = snapshots.toFile();
  if (text === null) return;
  const { path, displayPath } = toSnapshotFile(file);
  if (!isInsideFolder(dirname(file.path), path))
    throw new KnockError("scenario_invalid", `${displayPath} is a symbolic link out of its folder`, {
      hint: "Replace the link with a file or folder.",
    });
  writeTestFile(path, text, displayPath);
}

/** The maximum number of further problems of a file that its error lists. */
const MAX_OTHER_DETAILS = 5;

/** Returns the result of an invalid scenario, whose error is the first problem and lists others. */
async function reportInvalid(
  { name, path, problems }: Scenario,
  locate: ScenarioFileContent["locate"],
): Promise<ReportedScenario> {
  const { toFilePath } = await import("./parse-scenario-file.js");
  const scenario = toPointer(path);
  const details: ErrorDetail[] = [];
  for (const problem of problems) {
    const message = describeFinding({ ...problem, pointer: problem.pointer.slice(scenario.length) }, "the scenario");
    details.push({ ...problem, ...locate(toFilePath(problem.pointer)), message });
  }
  const [first] = details;
  const position = { line: first?.line ?? 1, column: first?.column ?? 1 };
  const { message = "" } = first ?? {};
  const result = { name, status: "broken" as const, failures: [], skip: null, duration_ms: 0, ...locate(path) };
  const error = { code: "scenario_invalid" as const, message, hint: listOtherDetails(details), ...position };
  return { ...result, error };
}

/** Returns the problems after the first one, which is the error's message; null if there are no others. */
function listOtherDetails(details: readonly ErrorDetail[]): string | null {
  const others = details.slice(1, 1 + MAX_OTHER_DETAILS);
  if (others.length === 0) return null;
  return `Also: ${others.map(({ line = 1, column = 1, message }) => `${line}:${column}: ${message}`).join("; ")}.`;
}

/** Adds the positions in the file to a result. */
function addPositions(
  result: ScenarioResult,
  { path }: Scenario,
  locate: ScenarioFileContent["locate"],
): ReportedScenario {
  const { error } = result;
  const failures: ReportedScenario["failures"] = [];
  for (const { about: _, ...failure } of result.failures) failures.push({ ...failure, ...locate(failure.location) });
  return {
    ...result,
    ...locate(path),
    failures,
    error: error && { code: error.code, message: error.message, hint: error.hint, ...locate(error.location) },
  };
}

/** A file of scenarios, with its place among all files, which decides about shards. */
export interface SelectedFile extends ProjectFile {
  index: number;
  /** Selects the scenarios that trigger one of these workflows; null selects all. */
  workflows: readonly string[] | null;
}

/** Returns whether a scenario triggers one of the workflows. With an event of a source, its default workflow counts. */
function triggersAny(scenario: Scenario, workflows: readonly string[] | null): boolean {
  if (workflows === null) return true;
  const own = listScenarioWorkflows(scenario) ?? [scenario.workflow];
  return own.some((key) => key !== null && workflows.includes(key));
}

/** A scenario that passed, with the workflows that it ran. */
export interface PassedScenario {
  name: string;
  workflows: string[];
}

/** The results of a file. Everything in it can be sent to another thread. */
export interface FileOutcome {
  reported: ReportedFile;
  /** The parts of workflows that the scenarios reached; empty unless they are recorded. */
  reached: string[];
  passed: PassedScenario[];
  /** The messages of each scenario; empty lists unless they are recorded. */
  messages: ScenarioMessage[][];
}

/** A file with its results. */
export interface FinishedFile {
  file: SelectedFile;
  outcome: FileOutcome;
}

/** Returns whether a result ends the run with `--bail`. */
export const isFailure = ({ scenarios, error }: ReportedFile): boolean =>
  error !== null || scenarios.some(({ status }) => status === "failed" || status === "broken");

/** How long scenarios may run before signals and requests are handled, in milliseconds. They run without waiting. */
const MAX_TURN_MS = 20;

/** Runs the scenarios of files that options select. */
export class FileRunner {
  private readonly yieldIfDue = createEventLoopYield(MAX_TURN_MS);
  private readonly isNamed: (name: string) => boolean;
  /** The cases of conditions in templates that the current file reached. */
  private readonly reachedCases = new Set<string>();

  constructor(
    private readonly targets: ScenarioTargets,
    private readonly options: TestOptions,
    private readonly signal: AbortSignal,
    /** The parts of the project that `--changed` compares with; null selects all scenarios. */
    private readonly changed: ChangedParts | null = null,
  ) {
    this.isNamed = createNameFilter(options.filter);
  }

  /** Returns null if no scenario of the file is selected. */
  async run(file: SelectedFile): Promise<FileOutcome | null> {
    const reported: ReportedFile = {
      file: file.displayPath,
      scenarios: [],
      error: null,
      snapshots: { added: 0, updated: 0, obsolete: [] },
    };
    const outcome: FileOutcome = { reported, reached: [], passed: [], messages: [] };
    const reached = new Set<string>();
    this.reachedCases.clear();
    const { recordsReached, recordsDetails, emails } = this.options;
    try {
      const content = await readScenarios(file);
      const selected = this.selectScenarios(content.scenarios, file);
      if (selected.length === 0) return null;
      const snapshots = readSnapshots(file, this.options.snapshots);
      for (const scenario of selected) {
        await this.yieldIfDue();
        if (this.signal.aborted || (this.options.bail && isFailure(reported))) break;
        if (scenario.problems.length > 0) {
          outcome.messages.push([]);
          reported.scenarios.push(await reportInvalid(scenario, content.locate));
          continue;
        }
        const workflows = new Set<string>();
        let messages: ScenarioMessage[] = [];
        const result = await this.runRepeatedly(scenario, snapshots, async (target) => {
          if (recordsReached)
            await readReachedParts(target.operations, (workflow, parts) => {
              workflows.add(workflow);
              for (const part of parts) reached.add(part);
            });
          if (recordsDetails || emails !== null) messages = await readScenarioMessages(target);
        });
        outcome.messages.push(messages);
        reported.scenarios.push(addPositions(result, scenario, content.locate));
        if (result.status === "passed") outcome.passed.push({ name: scenario.name, workflows: [...workflows] });
      }
      const isComplete = reported.scenarios.length === content.scenarios.length;
      const areAllRun = isComplete && reported.scenarios.every(({ status }) => status === "passed");
      if (areAllRun && this.options.snapshots === "update") snapshots.removeUnused();
      writeSnapshots(file, snapshots);
      const { added, updated } = snapshots;
      reported.snapshots = { added, updated, obsolete: areAllRun ? snapshots.listUnused() : [] };
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const { code, message, hint, details } = error;
      const described = details.map((detail) => ({ ...detail, message: describeFinding(detail) }));
      reported.error = { code, message, hint: hint ?? listOtherDetails(described) };
    }
    outcome.reached = [...reached, ...this.reachedCases];
    return outcome;
  }

  /** Returns whether a scenario of a file fails if a workflow is replaced. Snapshots are only compared, without template sources. */
  async notices(file: ProjectFile, scenario: Scenario, workflow: Workflow): Promise<boolean> {
    await this.yieldIfDue();
    const snapshots = readSnapshots(file, "compare rendered");
    const { status } = await this.runOnce(scenario, snapshots, async () => {}, workflow);
    return status !== "passed";
  }

  private selectScenarios(scenarios: readonly Scenario[], file: SelectedFile): Scenario[] {
    const { shard } = this.options;
    return scenarios.filter(
      (scenario, index) =>
        this.isNamed(scenario.name) &&
        triggersAny(scenario, file.workflows) &&
        (shard === null || (file.index + index) % shard.count === shard.index - 1) &&
        (this.changed === null || isAffected(this.changed, file, scenario)),
    );
  }

  private readonly addCase: OnTemplateCondition = (...found) =>
    void this.reachedCases.add(createTemplateConditionId(...found));

  /** Runs a scenario as often as `--repeat` says. Returns the first result that is not passed, or the last. */
  private async runRepeatedly(
    scenario: Scenario,
    snapshots: Snapshots,
    inspect: (target: ScenarioTarget) => Promise<void>,
  ): Promise<ScenarioResult> {
    let result = await this.runOnce(scenario, snapshots, inspect);
    for (let count = 1; count < this.options.repeat && result.status === "passed"; count++)
      result = await this.runOnce(scenario, snapshots.startRepetition(), inspect);
    return result;
  }

  private runOnce(
    scenario: Scenario,
    snapshots: Snapshots,
    inspect: (target: ScenarioTarget) => Promise<void>,
    replaced?: Workflow,
  ): Promise<ScenarioResult> {
    const { seed, timeoutMs, recordsReached } = this.options;
    const onTemplateCondition = recordsReached && replaced === undefined ? this.addCase : undefined;
    const options = {
      scenario: scenario.name,
      seed,
      snapshots,
      onTemplateCondition,
      ...(replaced ? { replaced } : {}),
    };
    return runScenario(scenario, (given) => this.targets.open(given, options), {
      signal: this.signal,
      timeoutMs,
      inspect,
    });
  }
}
