import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ProcessIO } from "../../../src/context/process-io.js";
import { listProjectChannels } from "../../../src/domain/project/list-project-channels.js";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import { buildScenario } from "../../../src/features/stored-runs/build-scenario.js";
import { readStoreRun } from "../../../src/features/stored-runs/read-local-run.js";
import type { Store } from "../../../src/ports/store.js";
import { findProject, type ProjectLocation } from "../../../src/project/find-project.js";
import { openProject, type Project } from "../../../src/project/open-project.js";
import { mutateWorkflow } from "../../../src/scenarios/mutate-workflow.js";
import { ScenarioTargets } from "../../../src/scenarios/open-scenario-target.js";
import { parseScenarios, type Scenario } from "../../../src/scenarios/parse-scenarios.js";
import { readScenarios } from "../../../src/scenarios/read-scenarios.js";
import { runScenario } from "../../../src/scenarios/run-scenario.js";
import { parseSnapshots } from "../../../src/scenarios/snapshots.js";
import { sleep } from "../../../src/util/sleep.js";

const FIXTURES = resolve(import.meta.dirname, "../../../fixtures");

/** Scenarios that change preferences between their triggers, or select another environment, which a store does not keep. */
const CHANGING = ["sends news by email, and by push to users who want it", "posts to Teams where it is configured"];

/** A sample project, and an engine for its scenarios. */
class SampleProject {
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

  static async open(name: string): Promise<SampleProject> {
    const root = join(FIXTURES, name);
    const location = (await findProject({ cwd: root, project: root, knockDir: null })) as ProjectLocation;
    return new SampleProject(root, openProject(location, root), location);
  }

  async run(scenario: Scenario, replaced?: Workflow, inspect: () => Promise<void> = async () => {}): Promise<string> {
    const snapshots = parseSnapshots("{}", "", "update");
    const options = { scenario: scenario.name, seed: "knock", snapshots, ...(replaced ? { replaced } : {}) };
    const open: Parameters<typeof runScenario>[1] = (given) => this.targets.open(given, options);
    const result = await runScenario(scenario, open, { signal: this.io.signal, timeoutMs: 60_000, inspect });
    return result.status;
  }

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

describe("knock runs show --as-scenario", () => {
  it.for(["collab", "ops", "shop", "tracker"])(
    "turns every run of %s into a scenario that passes, and that notices what the project's own scenarios notice",
    { timeout: 120_000 },
    async (name) => {
      const sample = await SampleProject.open(name);
      const own = new Map<string, Scenario[]>();
      const made = new Map<string, Scenario[]>();
      for await (const scenario of sample.readScenarios()) {
        for (const text of await sample.convertRuns(scenario)) {
          const comments = text.split("\n").filter((line) => line.startsWith("#"));
          if (!CHANGING.includes(scenario.name)) expect(comments, text).toHaveLength(1);
          const [converted] = parseScenarios(parse(text), "made.test.yaml") as [Scenario];
          expect(await sample.run(converted), text).toBe("passed");
          const key = String(converted.workflow);
          made.set(key, [...(made.get(key) ?? []), converted]);
          own.set(key, [...(own.get(key) ?? []), scenario]);
        }
      }
      const isNoticed = async (scenarios: readonly Scenario[], mutant: Workflow): Promise<boolean> => {
        for (const scenario of new Set(scenarios)) if ((await sample.run(scenario, mutant)) !== "passed") return true;
        return false;
      };
      const survivors: string[] = [];
      for (const [key, scenarios] of made) {
        const workflow = (await sample.project.workflow(key)) as Workflow;
        for (const { workflow: mutant, description } of await sample.listMutants(workflow))
          if (!(await isNoticed(scenarios, mutant)) && (await isNoticed(own.get(key) ?? [], mutant)))
            survivors.push(`${key} ${description.step}: ${description.text}`);
      }
      await sample.targets.close();
      expect(survivors).toEqual([]);
    },
  );
});
