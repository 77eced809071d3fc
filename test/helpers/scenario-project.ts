import type { ProcessIO } from "../../src/context/process-io.js";
import { listProjectChannels } from "../../src/domain/project/list-project-channels.js";
import type { Workflow } from "../../src/domain/workflow/workflow.js";
import { buildScenario } from "../../src/features/stored-runs/build-scenario.js";
import { readStoreRun } from "../../src/features/stored-runs/read-local-run.js";
import type { StoredRun } from "../../src/ports/run-store.js";
import type { Store } from "../../src/ports/store.js";
import { findProject, type ProjectLocation } from "../../src/project/find-project.js";
import { openProject, type Project } from "../../src/project/open-project.js";
import { type Mutant, mutateWorkflow } from "../../src/scenarios/mutate-workflow.js";
import { ScenarioTargets } from "../../src/scenarios/open-scenario-target.js";
import type { Scenario } from "../../src/scenarios/parse-scenarios.js";
import { runScenario } from "../../src/scenarios/run-scenario.js";
import { parseSnapshots } from "../../src/scenarios/snapshots.js";
import type { ScenarioResult } from "../../src/scenarios/test-report.js";
import { sleep } from "../../src/util/sleep.js";

/** A project, and an engine for its scenarios in this process. */
export class ScenarioProject {
  readonly targets: ScenarioTargets;
  private readonly io: ProcessIO;

  private constructor(
    root: string,
    readonly project: Project,
    location: ProjectLocation,
    env: Record<string, string>,
  ) {
    this.io = { cwd: root, env, signal: new AbortController().signal, sleep } as unknown as ProcessIO;
    this.targets = new ScenarioTargets(location, this.io, () => {});
  }

  static async open(root: string, env: Record<string, string> = {}): Promise<ScenarioProject> {
    const location = (await findProject({ cwd: root, project: root, knockDir: null })) as ProjectLocation;
    return new ScenarioProject(root, openProject(location, root), location, env);
  }

  run(scenario: Scenario, replaced?: Workflow, inspect: () => Promise<void> = async () => {}): Promise<ScenarioResult> {
    const snapshots = parseSnapshots("{}", "", "update");
    const options = { scenario: scenario.name, seed: "knock", snapshots, ...(replaced ? { replaced } : {}) };
    const open: Parameters<typeof runScenario>[1] = (given) => this.targets.open(given, options);
    return runScenario(scenario, open, { signal: this.io.signal, timeoutMs: 60_000, inspect });
  }

  /** Runs a scenario of the project, and returns the selected recipient runs as scenarios in YAML, newest first. */
  async convertRuns(scenario: Scenario, select: (run: StoredRun) => boolean = () => true): Promise<string[]> {
    const texts: string[] = [];
    const { status, error, failures } = await this.run(scenario, undefined, async () => {
      const store = Reflect.get(this.targets, "store") as Store;
      for (const stored of (await store.listRecipientRuns({}, { limit: 100 })).items)
        if (select(stored)) texts.push(await this.convert(store, stored.recipientRun.id));
    });
    if (status !== "passed") throw new Error(`${scenario.name}: ${error?.message ?? JSON.stringify(failures)}`);
    return texts;
  }

  /** Returns a run of a store as a scenario in YAML. */
  async convert(store: Store, id: string): Promise<string> {
    const context = { project: this.project, io: this.io, warn: () => {}, keepsPersonalData: false };
    const run = await readStoreRun(store, id, context);
    if (run === null) throw new Error(`there is no run ${id}`);
    return buildScenario(run, context);
  }

  async listMutants(workflow: Workflow): Promise<Mutant[]> {
    const channels = listProjectChannels(await this.targets.readEnvironment(), await this.targets.readWorkflows());
    return mutateWorkflow(workflow, channels, await this.targets.listStepConditions(workflow));
  }
}
