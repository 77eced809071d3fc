import type { TestOptions } from "../../commands/services.js";
import { buildCoverage } from "../../domain/scenario/coverage.js";
import { type ReportedFile, summarizeFiles, type TestReport } from "../../domain/scenario/test-report.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { listScenarioFiles } from "../../project/read-scenarios.js";
import type { ProcessIO } from "../process-io.js";
import { ScenarioTargets } from "./open-scenario-target.js";
import { type FileOutcome, FileRunner, isFailure, type SelectedFile } from "./run-file.js";
import { runMutants } from "./run-mutants.js";
import { selectChanged } from "./select-changed.js";

/** Runs the scenarios that options select. The results are in the order of the files. */
export class TestRunner {
  constructor(
    private readonly project: Project,
    private readonly io: ProcessIO,
    private readonly options: TestOptions,
    private readonly warn: (text: string) => void,
  ) {}

  async run(onFile: (file: ReportedFile) => void): Promise<TestReport> {
    const start = performance.now();
    const { seed, coverage, mutate, changedSince } = this.options;
    const outcomes: { file: SelectedFile; outcome: FileOutcome }[] = [];
    const targets = new ScenarioTargets(this.project, this.io, this.warn);
    try {
      const isChanged =
        changedSince === null
          ? undefined
          : await selectChanged(this.project, await targets.readWorkflows(), changedSince);
      const runner = new FileRunner(targets, this.options, this.io.signal, isChanged);
      for (const file of this.listFiles()) {
        if (
          this.io.signal.aborted ||
          (this.options.bail && outcomes.some(({ outcome }) => isFailure(outcome.reported)))
        )
          break;
        const outcome = await runner.run(file);
        if (outcome === null) continue;
        outcomes.push({ file, outcome });
        onFile(outcome.reported);
      }
      const files = outcomes.map(({ outcome }) => outcome.reported);
      const reached = new Set(outcomes.flatMap(({ outcome }) => outcome.reached));
      return {
        seed,
        files,
        summary: summarizeFiles(files),
        coverage: coverage && buildCoverage(await targets.readWorkflows(), reached, coverage.threshold),
        mutation: mutate ? await runMutants(outcomes, targets, runner, this.io.signal) : null,
        duration_ms: Math.round(performance.now() - start),
      };
    } finally {
      await targets.close();
    }
  }

  private listFiles(): SelectedFile[] {
    const { cwd } = this.io;
    const displayPath = (path: string): string => formatDisplayPath(cwd, path);
    const files = listScenarioFiles(this.options.paths, { root: this.project.root, cwd, displayPath });
    return files.map((file, index) => ({ ...file, index }));
  }
}
