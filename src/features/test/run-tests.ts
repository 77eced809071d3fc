import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isInsideFolder } from "../../context/is-inside-folder.js";
import type { ProcessIO } from "../../context/process-io.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { isWorkflowActive } from "../../engine/context/engine-context.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { findProjectRoot } from "../../project/find-project.js";
import { formatDisplayPath, isBelow } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import type { ChangedParts } from "../../scenarios/changed-parts.js";
import { listScenarioFiles } from "../../scenarios/list-scenario-files.js";
import { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { type FileOutcome, FileRunner, type FinishedFile, type SelectedFile } from "../../scenarios/run-file.js";
import type { StepCondition } from "../../scenarios/step-condition.js";
import type { TestOptions } from "../../scenarios/test-options.js";
import { type EmailReport, type ReportedFile, summarizeFiles, type TestReport } from "../../scenarios/test-report.js";
import { correctWord, findNearest } from "../../util/find-nearest.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import { FileQueue, runQueue } from "./file-queue.js";
import { TestThreads } from "./test-threads.js";
import type { TestWorkerData } from "./test-worker.js";

/** Throws `resource_missing` for a word that is neither a path nor a workflow, if it is nearly the key of one. */
function checkPathOrKey(word: string, keys: readonly string[], cwd: string): void {
  const near = existsSync(resolve(cwd, word)) ? undefined : findNearest(word, keys);
  if (near !== undefined)
    throw new KnockError("resource_missing", `there is no file, folder or workflow ${JSON.stringify(word)}`, {
      hint: correctWord(word, near),
    });
}

/** Throws `usage` for a path in another project, whose scenarios would not find their workflows. */
function checkProject(path: string, root: string, cwd: string): void {
  const absolute = resolve(cwd, path);
  const other = isBelow(root, absolute) ? root : findProjectRoot(absolute);
  if (other === root || other === null) return;
  throw new KnockError("usage", `${path} is in another project`, {
    hint: `Run \`knock test --project ${formatDisplayPath(cwd, other)}\`.`,
  });
}

interface TestListeners {
  /** Called for each file in order, after its scenarios have run. */
  onFile(file: ReportedFile): void;
  /** Called before each mutant, with the number of those that have run. */
  onMutant(count: number, total: number): void;
}

/** Runs the scenarios that options select. The results are in the order of the files. */
export class TestRunner {
  constructor(
    private readonly project: Project,
    private readonly io: ProcessIO,
    private readonly options: TestOptions,
    private readonly output: Pick<Output, "warn" | "note">,
  ) {}

  private readonly warn = (text: string): void => this.output.warn(text);
  /** The keys of the workflows that were selected alone, whose coverage and faults are reported; null for all. */
  private selectedKeys: readonly string[] | null = null;

  private async readChangedParts(revision: string, targets: ScenarioTargets): Promise<ChangedParts> {
    const { readChangedParts } = await import("./read-changed-parts.js");
    return readChangedParts(this.project, await targets.readWorkflows(), revision);
  }

  async run({ onFile, onMutant }: TestListeners): Promise<TestReport> {
    const start = monotonicClock.now();
    const { seed, coverage, mutate, changedSince, recordsDetails, emails } = this.options;
    const targets = new ScenarioTargets(this.project, this.io, this.warn);
    try {
      const changed = changedSince === null ? null : await this.readChangedParts(changedSince, targets);
      const runner = new FileRunner(targets, this.options, this.io.signal, changed);
      const outcomes = await this.runFiles(runner, changed, onFile);
      const files = outcomes.map(({ outcome }) => outcome.reported);
      const covered = coverage && (await this.buildCoverage(outcomes, targets, coverage));
      return {
        seed,
        files,
        summary: summarizeFiles(files),
        coverage: covered?.coverage ?? null,
        emails: emails && (await this.checkEmails(outcomes, targets, emails)),
        mutation: mutate ? await this.runMutants(outcomes, targets, runner, onMutant) : null,
        duration_ms: Math.round(monotonicClock.now() - start),
        details: recordsDetails
          ? {
              messages: outcomes.map(({ outcome }) => outcome.messages),
              diagrams: covered?.diagrams ?? [],
            }
          : null,
      };
    } finally {
      await targets.close();
    }
  }

  private async buildCoverage(
    outcomes: readonly FinishedFile[],
    targets: ScenarioTargets,
    { threshold }: NonNullable<TestOptions["coverage"]>,
  ) {
    const { buildCoverage } = await import("../../scenarios/coverage.js");
    const { buildCoverageDiagram } = await import("../../scenarios/build-coverage-diagram.js");
    const reached = new Set(outcomes.flatMap(({ outcome }) => outcome.reached));
    const environment = await targets.readEnvironment();
    const hasRun = ({ key }: Workflow): boolean =>
      outcomes.some(({ outcome }) => outcome.passed.some(({ workflows }) => workflows.includes(key)));
    // An inactive workflow cannot run, unless a scenario selects another environment.
    const workflows = (await targets.readWorkflows()).filter(
      (workflow) => this.isSelected(workflow) && (isWorkflowActive(workflow, environment) || hasRun(workflow)),
    );
    const conditions = new Map<string, StepCondition[]>();
    for (const workflow of workflows) conditions.set(workflow.key, await targets.listStepConditions(workflow));
    return {
      coverage: buildCoverage(workflows, reached, threshold, conditions),
      diagrams: this.options.recordsDetails
        ? workflows.map((workflow) => buildCoverageDiagram(workflow, reached, conditions.get(workflow.key)))
        : [],
    };
  }

  /** Returns null unless all scenarios passed: those that fail anyway notice nothing. */
  private async runMutants(
    outcomes: readonly FinishedFile[],
    targets: ScenarioTargets,
    runner: FileRunner,
    onProgress: TestListeners["onMutant"],
  ) {
    const { passed, failed, broken } = summarizeFiles(outcomes.map(({ outcome }) => outcome.reported));
    if (failed + broken > 0) this.output.warn("--mutate: no mutant was run, because all scenarios must pass first");
    if (failed + broken > 0 || passed === 0) return null;
    const { runMutants } = await import("./run-mutants.js");
    return runMutants(outcomes, targets, runner, { signal: this.io.signal, isSelected: this.isSelected, onProgress });
  }

  private readonly isSelected = ({ key }: Workflow): boolean => this.selectedKeys?.includes(key) ?? true;

  private async checkEmails(
    outcomes: readonly FinishedFile[],
    targets: ScenarioTargets,
    { strict }: NonNullable<TestOptions["emails"]>,
  ): Promise<EmailReport> {
    const { checkScenarioEmails } = await import("./check-scenario-emails.js");
    const { openEmailTools } = await import("../../checks/email-tools.js");
    const { root } = this.project;
    const tools = openEmailTools({ root, env: this.io.env, note: (text) => this.output.note(text) });
    return checkScenarioEmails(outcomes, {
      project: this.project,
      workflows: await targets.readWorkflows(),
      environment: await targets.readEnvironment(),
      cwd: this.io.cwd,
      severity: strict ? "error" : "warning",
      tools,
    }).finally(() => tools.close());
  }

  /** Runs files in this thread and, if that takes long, in others. Outcomes are reported in the order of the files. */
  private async runFiles(
    runner: FileRunner,
    changed: ChangedParts | null,
    onFile: (file: ReportedFile) => void,
  ): Promise<FinishedFile[]> {
    const { io, options } = this;
    const files = await this.listFiles();
    const queue = new FileQueue(files);
    const finished = new Map<number, FinishedFile | null>();
    let reportedCount = 0;
    const addOutcome = (file: SelectedFile, outcome: FileOutcome | null): void => {
      finished.set(file.index, outcome && { file, outcome });
      for (; finished.has(reportedCount); reportedCount++) {
        const next = finished.get(reportedCount);
        if (next) onFile(next.outcome.reported);
      }
    };
    const threads = new TestThreads({
      threadFile: io.threadFile,
      maxThreads: options.workers ?? null,
      onMessage: (message) =>
        "warning" in message ? this.warn(message.warning) : addOutcome(message.file, message.outcome),
    });
    try {
      await runQueue(queue, runner, {
        bail: options.bail,
        signal: io.signal,
        onOutcome: async (file, outcome) => {
          addOutcome(file, outcome);
          const remaining = queue.countRemaining();
          if (remaining === 0) return; // At the end, a turn of the event loop would only collect garbage, for 2 ms.
          await threads.startIfUseful(remaining, () => this.buildWorkerData(files, queue, changed));
          // Scenarios run without waiting, and signals and messages of threads must be handled.
          await new Promise((resolve) => setImmediate(resolve));
        },
      });
      if (!io.signal.aborted) await threads.wait();
    } finally {
      await threads.stop();
    }
    return [...finished.values()].filter((file) => file !== null).sort((a, b) => a.file.index - b.file.index);
  }

  private buildWorkerData(
    files: readonly SelectedFile[],
    queue: FileQueue,
    changed: ChangedParts | null,
  ): TestWorkerData {
    const { root, knockDir, settings, environmentName, branchDir } = this.project;
    const location = { root, knockDir, settings, environmentName, ...(branchDir === undefined ? {} : { branchDir }) };
    return { location, cwd: this.io.cwd, options: this.options, changed, files, queue: queue.memory };
  }

  /** Returns the selected files. A path takes precedence over a workflow with the same name. */
  private async listFiles(): Promise<SelectedFile[]> {
    const { cwd } = this.io;
    const { root, knockDir } = this.project;
    const { paths } = this.options;
    const list = (listed: readonly string[]) =>
      listScenarioFiles(listed, { root, cwd, displayPath: (path) => formatDisplayPath(cwd, path) });
    const known = paths.every((path) => existsSync(resolve(cwd, path))) ? [] : await this.project.workflowKeys();
    const keys = paths.filter((path) => known.includes(path) && !existsSync(resolve(cwd, path)));
    const typed = paths.filter((path) => !keys.includes(path));
    if (keys.length > 0 && typed.length === 0) this.selectedKeys = keys;
    for (const path of typed) {
      checkPathOrKey(path, known, cwd);
      checkProject(path, root, cwd);
    }
    const files = new Map<string, SelectedFile>();
    if (keys.length > 0)
      for (const file of list([])) {
        const isOwn = keys.some((key) => isInsideFolder(join(knockDir, "workflows", key), file.path));
        files.set(file.path, { ...file, index: 0, workflows: isOwn ? null : keys });
      }
    if (keys.length === 0 || typed.length > 0)
      for (const file of list(typed)) files.set(file.path, { ...file, index: 0, workflows: null });
    return [...files.values()].map((file, index) => ({ ...file, index }));
  }
}
