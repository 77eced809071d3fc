import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import { parseScenarios, type Scenario } from "../../../src/scenarios/parse-scenarios.js";
import { readScenarios } from "../../../src/scenarios/read-scenarios.js";
import { ScenarioProject } from "../../helpers/scenario-project.js";

const FIXTURES = resolve(import.meta.dirname, "../../../fixtures");

/** Scenarios that change preferences between their triggers, or select another environment, which a store does not keep. */
const CHANGING = ["sends news by email, and by push to users who want it", "posts to Teams where it is configured"];

async function* readSample(root: string): AsyncGenerator<Scenario> {
  for (const file of readdirSync(root, { recursive: true }).map(String))
    if (file.endsWith(".test.yaml"))
      yield* (await readScenarios({ path: join(root, file), displayPath: file })).scenarios;
}

describe("knock runs show --as-scenario", () => {
  it.for(["collab", "ops", "shop", "tracker"])(
    "turns every run of %s into a scenario that passes, and that notices what the project's own scenarios notice",
    { timeout: 120_000 },
    async (name) => {
      const root = join(FIXTURES, name);
      const sample = await ScenarioProject.open(root);
      const own = new Map<string, Scenario[]>();
      const made = new Map<string, Scenario[]>();
      for await (const scenario of readSample(root)) {
        for (const text of await sample.convertRuns(scenario)) {
          const comments = text.split("\n").filter((line) => line.startsWith("#"));
          if (!CHANGING.includes(scenario.name)) expect(comments, text).toHaveLength(1);
          const [converted] = parseScenarios(parse(text), "made.test.yaml") as [Scenario];
          expect(await sample.run(converted), text).toMatchObject({ status: "passed" });
          const key = String(converted.workflow);
          made.set(key, [...(made.get(key) ?? []), converted]);
          own.set(key, [...(own.get(key) ?? []), scenario]);
        }
      }
      const isNoticed = async (scenarios: readonly Scenario[], mutant: Workflow): Promise<boolean> => {
        for (const scenario of new Set(scenarios))
          if ((await sample.run(scenario, mutant)).status !== "passed") return true;
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
