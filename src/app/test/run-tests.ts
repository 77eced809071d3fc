import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TestOptions } from "../../commands/services.js";
import type { Scenario } from "../../domain/scenario/parse-scenarios.js";
import {
  type ReportedFile,
  type ReportedScenario,
  type ScenarioResult,
  summarizeFiles,
  type TestReport,
} from "../../domain/scenario/test-report.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { type ProjectFile, readProjectText } from "../../project/read-project-text.js";
import { listScenarioFiles, readScenarios, type ScenarioFileContent } from "../../project/read-scenarios.js";
import { runScenario } from "../../testing/run-scenario.js";
import { parseSnapshots, Snapshots } from "../../testing/snapshots.js";
import type { ProcessIO } from "../process-io.js";
import { ScenarioTargets } from "./open-scenario-target.js";

const SNAPSHOT_FOLDER = "__snapshots__";

function toSnapshotFile({ path, displayPath }: ProjectFile): ProjectFile {
  const inFolder = (file: string): string => join(dirname(file), SNAPSHOT_FOLDER, `${basename(file)}.json`);
  return { path: inFolder(path), displayPath: inFolder(displayPath) };
}

function readSnapshots(file: ProjectFile, mode: TestOptions["snapshots"]): Snapshots {
  const snapshotFile = toSnapshotFile(file);
  if (!existsSync(snapshotFile.path)) return new Snapshots({}, mode);
  const text = readProjectText(snapshotFile.path, snapshotFile.displayPath, "scenario_invalid");
  return parseSnapshots(text, snapshotFile.displayPath, mode);
}

function writeSnapshots(file: ProjectFile, snapshots: Snapshots): void {
  const text = snapshots.toFile();
  if (text === null) return;
  const { path } = toSnapshotFile(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Adds the positions in the file to a result. */
function addPositions(
  result: ScenarioResult,
  { path }: Scenario,
  locate: ScenarioFileContent["locate"],
): ReportedScenario {
  const { error } = result;
  return {
    ...result,
    ...locate(path),
    failures: result.failures.map(({ about: _, ...failure }) => ({ ...failure, ...locate(failure.location) })),
    error: error && { code: error.code, message: error.message, hint: error.hint, ...locate(error.location) },
  };
}

/** Runs the scenarios of the files that options select, one after another. */
export class TestRunner {
  private hasEnded = false;

  constructor(
    private readonly project: Project,
    private readonly io: ProcessIO,
    private readonly options: TestOptions,
    private readonly warn: (text: string) => void,
  ) {}

  async run(onFile: (file: ReportedFile) => void): Promise<TestReport> {
    const start = performance.now();
    const { cwd } = this.io;
    const displayPath = (path: string): string => formatDisplayPath(cwd, path);
    const files: ReportedFile[] = [];
    const targets = new ScenarioTargets(this.project, this.io, this.warn);
    try {
      for (const file of listScenarioFiles(this.options.paths, { root: this.project.root, cwd, displayPath })) {
        if (this.hasEnded || this.io.signal.aborted) break;
        const reported = await this.runFile(file, targets);
        if (reported === null) continue;
        files.push(reported);
        onFile(reported);
      }
    } finally {
      await targets.close();
    }
    const { seed } = this.options;
    return { seed, files, summary: summarizeFiles(files), duration_ms: Math.round(performance.now() - start) };
  }

  /** Returns null if no scenario of the file is selected. */
  private async runFile(file: ProjectFile, targets: ScenarioTargets): Promise<ReportedFile | null> {
    const reported: ReportedFile = {
      file: file.displayPath,
      scenarios: [],
      error: null,
      snapshots: { added: 0, updated: 0, obsolete: [] },
    };
    try {
      const content = readScenarios(file);
      const snapshots = readSnapshots(file, this.options.snapshots);
      const { filter } = this.options;
      const selected = content.scenarios.filter(({ name }) => filter === null || filter(name));
      if (selected.length === 0) return null;
      for (const scenario of selected) {
        if (this.hasEnded || this.io.signal.aborted) break;
        const reportedScenario = addPositions(
          await this.runOne(scenario, targets, snapshots),
          scenario,
          content.locate,
        );
        reported.scenarios.push(reportedScenario);
        this.noteStatus(reportedScenario.status);
      }
      const isComplete = reported.scenarios.length === content.scenarios.length;
      const areAllRun = isComplete && reported.scenarios.every(({ status }) => status === "passed");
      if (areAllRun && this.options.snapshots === "update") snapshots.removeUnused();
      writeSnapshots(file, snapshots);
      const { added, updated } = snapshots;
      reported.snapshots = { added, updated, obsolete: areAllRun ? snapshots.listUnused() : [] };
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const { code, message, hint } = error;
      reported.error = { code, message, hint: hint ?? null };
      this.noteStatus("broken");
    }
    return reported;
  }

  /** Ends the run at the first failure if `bail` is set. */
  private noteStatus(status: ReportedScenario["status"]): void {
    if (this.options.bail && (status === "failed" || status === "broken")) this.hasEnded = true;
  }

  private async runOne(scenario: Scenario, targets: ScenarioTargets, snapshots: Snapshots): Promise<ScenarioResult> {
    const { seed, timeoutMs } = this.options;
    return runScenario(scenario, (given) => targets.open(given, { scenario: scenario.name, seed, snapshots }), {
      signal: this.io.signal,
      timeoutMs,
    });
  }
}
