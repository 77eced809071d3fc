import type { ProcessIO } from "../../context/process-io.js";
import type { Project } from "../../project/open-project.js";
import { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import type { Scenario } from "../../scenarios/parse-scenarios.js";
import type { Given } from "../../scenarios/scenario-schema.js";
import type { FileResult } from "./compare-scenarios.js";
import { readSample, type SampleRun } from "./scenario-samples.js";

type OpenOptions = Parameters<ScenarioTargets["open"]>[1];
type OpenedTarget = Awaited<ReturnType<ScenarioTargets["open"]>>;

/** Keeps the messages and runs of scenarios whose expectations are checked, so that those that pass need not run again. */
export class RecordingTargets extends ScenarioTargets {
  /** By the name of the scenario, in the file that ran last. */
  private readonly samples = new Map<string, SampleRun>();
  private isRecording = false;
  private readonly signal: AbortSignal;

  constructor(project: Project, io: ProcessIO, warn: (text: string) => void) {
    // Errors name files by their paths in the project, because the version before is in a temporary folder.
    super(project, { ...io, cwd: project.root }, warn);
    this.signal = io.signal;
  }

  override async open(given: Given, options: OpenOptions): Promise<OpenedTarget> {
    if (!this.isRecording) return super.open(given, options);
    let isOver = false;
    const { onTemplateCondition } = options;
    const target = await super.open(given, {
      ...options,
      // Steps after the end of a scenario are not covered by it.
      onTemplateCondition: onTemplateCondition && ((...found) => isOver || onTemplateCondition(...found)),
    });
    const close = target.close.bind(target);
    target.close = async () => {
      isOver = true;
      this.samples.set(options.scenario, await readSample(target.operations, "", this.signal));
      await close();
    };
    return target;
  }

  /** Runs a file of scenarios, and keeps what each leads to. */
  async record(run: () => Promise<FileResult>): Promise<FileResult> {
    this.samples.clear();
    this.isRecording = true;
    try {
      return await run();
    } finally {
      this.isRecording = false;
    }
  }

  /**
   * Returns what a scenario of the last file led to. Returns null unless it passed and performed all of its actions without an error:
   * a failure ends a scenario early, and an expected error is a rejected trigger.
   */
  findSample({ name, steps }: Scenario, result: FileResult, trigger: string): SampleRun | null {
    const hasPassed = result?.reported.scenarios.some((own) => own.name === name && own.status === "passed") ?? false;
    const expectsError = steps.some(({ expect }) => expect && !Array.isArray(expect) && expect.error !== undefined);
    const sample = this.samples.get(name);
    if (!hasPassed || expectsError || sample === undefined) return null;
    return {
      messages: sample.messages.map((message) => ({ ...message, trigger })),
      runs: sample.runs.map((run) => ({ ...run, trigger })),
      rejected: [],
    };
  }
}
