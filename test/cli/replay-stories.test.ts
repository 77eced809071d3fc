import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyOnRead } from "../../src/comparison/copy-on-read.js";
import { KEEP_DATA } from "../../src/comparison/personal-data-filter.js";
import { readStoredHistory } from "../../src/comparison/read-stored-history.js";
import type { ReplayReport } from "../../src/comparison/replay-report.js";
import type { ProcessIO } from "../../src/context/process-io.js";
import { getClockTime } from "../../src/engine/context/engine-context.js";
import { runReplay } from "../../src/features/replay/run-replay.js";
import type { Store } from "../../src/ports/store.js";
import { findProject, type ProjectLocation } from "../../src/project/find-project.js";
import { openProject } from "../../src/project/open-project.js";
import { ScenarioTargets } from "../../src/scenarios/open-scenario-target.js";
import type { Scenario } from "../../src/scenarios/parse-scenarios.js";
import { readScenarios } from "../../src/scenarios/read-scenarios.js";
import { runScenario } from "../../src/scenarios/run-scenario.js";
import { parseSnapshots } from "../../src/scenarios/snapshots.js";
import { sleep } from "../../src/util/sleep.js";
import { startCommandBridge } from "../helpers/command-bridge.js";
import { createSample, type SampleName } from "../helpers/run-knock.js";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures");
const SAMPLES: SampleName[] = ["collab", "ops", "shop"];
const EVERYTHING = { since: null, until: null, workflows: [] };

/** Returns the commands that the table of a sample project says to try. */
function readStory(name: SampleName): string[] {
  const page = readFileSync(join(FIXTURES, "README.md"), "utf8");
  const section = page.split(`\n## \`${name}\`\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/`(knock [^`]+)`/g)]
    .map(([, command = ""]) =>
      command.replaceAll(` --project fixtures/${name}`, "").replaceAll(`fixtures/${name}/`, ""),
    )
    .filter((command) => !command.startsWith("knock dev"));
}

/** Scenarios that change something between their triggers that a replay reads as it is now, or that is not in the files. */
const CHANGING = ["sends news by email, and by push to users who want it", "posts to Teams where it is configured"];

/** Runs the scenarios of a project, and replays the store of each. */
async function replayScenarios(
  location: ProjectLocation,
  check: (scenario: Scenario, report: ReplayReport) => void,
): Promise<void> {
  const { root } = location;
  const io = { cwd: root, env: {}, signal: new AbortController().signal, sleep } as unknown as ProcessIO;
  const project = openProject(location, root);
  const targets = new ScenarioTargets(location, io, () => {});
  const files = readdirSync(root, { recursive: true }).map(String);
  for (const file of files.filter((path) => path.endsWith(".test.yaml"))) {
    const snapshots = parseSnapshots("{}", file, "update");
    const { scenarios } = await readScenarios({ path: join(root, file), displayPath: file });
    for (const scenario of scenarios) {
      const replay = async (): Promise<void> => {
        const store = Reflect.get(targets, "store") as Store;
        const history = await readStoredHistory(store, EVERYTHING, getClockTime(await store.readClock()));
        const report = await runReplay(
          {
            name: scenario.name,
            history,
            hasResponses: true,
            filter: KEEP_DATA,
            prepareStore: async (target, at) => copyOnRead(store, target, history.memberships, at),
          },
          {
            file: null,
            against: null,
            range: EVERYTHING,
            last: null,
            limit: null,
            keepsPersonalData: true,
            tolerance: 0,
            comparesContent: true,
          },
          { project, io, warn: () => {}, setProgress: () => {} },
        );
        check(scenario, report);
      };
      const open: Parameters<typeof runScenario>[1] = (given) =>
        targets.open(given, { scenario: scenario.name, seed: "1", snapshots });
      await runScenario(scenario, open, { signal: io.signal, timeoutMs: 60_000, inspect: replay });
    }
  }
  await targets.close();
}

describe("knock replay without a change of the files", () => {
  let bridge: ReturnType<typeof startCommandBridge>;
  beforeAll(() => {
    bridge = startCommandBridge();
  });
  afterAll(() => bridge.close());

  it.for(SAMPLES)(
    "finds no difference after the commands that the README of %s says to try, once and twice",
    async (name) => {
      const sample = createSample(name);
      const env = { PATH: `${bridge.bin}:${process.env.PATH}` };
      try {
        const commands = readStory(name);
        expect(commands.length).toBeGreaterThan(5);
        for (const round of ["once", "twice"]) {
          for (const command of commands) {
            const { exitCode, stderr } = await sample.shell(command, { env });
            // The workflow legacy-pager is inactive, and a broadcast is sent once.
            expect([0, 6], `${command}\n${stderr}`).toContain(exitCode);
          }
          const { exitCode, stdout } = await sample.shell("knock replay --json", { env });
          const { recipients, rejected } = JSON.parse(stdout) as ReplayReport;
          expect(recipients, round).toEqual([]);
          expect([exitCode, rejected]).toEqual([0, []]);
        }
      } finally {
        sample.remove();
      }
    },
  );

  it.for(SAMPLES)("finds no difference after each scenario of %s", async (name) => {
    const root = join(FIXTURES, name);
    const location = (await findProject({ cwd: root, project: root, knockDir: null })) as ProjectLocation;
    let count = 0;
    await replayScenarios(location, (scenario, { recipients, rejected }) => {
      if (CHANGING.includes(scenario.name)) return;
      expect([scenario.name, recipients, rejected]).toEqual([scenario.name, [], []]);
      count++;
    });
    expect(count).toBeGreaterThan(10);
  });
});
