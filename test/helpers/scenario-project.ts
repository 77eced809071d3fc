import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIO } from "../../src/context/process-io.js";
import { listProjectChannels } from "../../src/domain/project/list-project-channels.js";
import type { Workflow } from "../../src/domain/workflow/workflow.js";
import { buildScenario } from "../../src/features/stored-runs/build-scenario.js";
import { readStoreRun } from "../../src/features/stored-runs/read-local-run.js";
import type { Store } from "../../src/ports/store.js";
import { findProject, type ProjectLocation } from "../../src/project/find-project.js";
import { openProject, type Project } from "../../src/project/open-project.js";
import { mutateWorkflow } from "../../src/scenarios/mutate-workflow.js";
import { ScenarioTargets } from "../../src/scenarios/open-scenario-target.js";
import type { Scenario } from "../../src/scenarios/parse-scenarios.js";
import { readScenarios } from "../../src/scenarios/read-scenarios.js";
import { runScenario } from "../../src/scenarios/run-scenario.js";
import { parseSnapshots } from "../../src/scenarios/snapshots.js";
import type { ScenarioResult } from "../../src/scenarios/test-report.js";
import { sleep } from "../../src/util/sleep.js";

/** A project's files, and an engine for its scenarios. */
export class ScenarioProject {
  readonly io: ProcessIO;
  readonly targets: ScenarioTargets;

  private constructor(
    readonly root: string,
    readonly project: Project,
    location: ProjectLocation,
  ) {
    this.io = { cwd: root, env: {}, signal: new AbortController().signal, sleep } as unknown as ProcessIO;
    this.targets = new ScenarioTargets(location, this.io, () => {});
  }

  static async open(root: string): Promise<ScenarioProject> {
    const location = (await findProject({ cwd: root, project: root, knockDir: null })) as ProjectLocation;
    return new ScenarioProject(root, openProject(location, root), location);
  }

  async run(
    scenario: Scenario,
    replaced?: Workflow,
    inspect: () => Promise<void> = async () => {},
  ): Promise<ScenarioResult> {
    const snapshots = parseSnapshots("{}", "", "update");
    const options = { scenario: scenario.name, seed: "knock", snapshots, ...(replaced ? { replaced } : {}) };
    const open: Parameters<typeof runScenario>[1] = (given) => this.targets.open(given, options);
    return runScenario(scenario, open, { signal: this.io.signal, timeoutMs: 60_000, inspect });
  }

  /** Reads the scenarios of the project. */
  async *readScenarios(): AsyncGenerator<Scenario> {
    for (const file of readdirSync(this.root, { recursive: true }).map(String))
      if (file.endsWith(".test.yaml"))
        yield* (await readScenarios({ path: join(this.root, file), displayPath: file })).scenarios;
  }

  /** Runs a scenario of the project, and returns each of its recipient runs as a scenario in YAML. */
  async convertRuns(scenario: Scenario): Promise<string[]> {
    const texts: string[] = [];
    await this.run(scenario, undefined, async () => {
      const store = Reflect.get(this.targets, "store") as Store;
      const context = { project: this.project, io: this.io, warn: () => {}, keepsPersonalData: false };
      for (const { recipientRun } of (await store.listRecipientRuns({}, { limit: 100 })).items) {
        const run = await readStoreRun(store, recipientRun.id, context);
        if (run !== null) texts.push(await buildScenario(run, context));
      }
    });
    return texts;
  }

  async listMutants(workflow: Workflow) {
    const channels = listProjectChannels(await this.targets.readEnvironment(), await this.targets.readWorkflows());
    return mutateWorkflow(workflow, channels, await this.targets.listStepConditions(workflow));
  }
}
