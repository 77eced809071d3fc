import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { BIN, type Sample } from "../helpers/run-knock.js";

const KEYS = ["a", "b", "c", "d"];
const toWorkflow = (name: string): JsonObject => ({
  name,
  steps: [
    { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: `${name}\n` } },
  ],
});

const ENVIRONMENT = { channels: { twilio: { type: "sms" } } };
const TOKEN = "knock_st_local";

/** An account with four workflows, which `knock dev` serves, and a checkout of it. */
const it = inProcessTest.extend<{ api: ProjectApi }>({
  api: async ({ empty }, use) => {
    empty.write("knock.json", { knockDir: "./knock" });
    empty.write("knock/environment.json", ENVIRONMENT);
    const workflows = KEYS.map((key) => [`knock/workflows/${key}/workflow.json`, toWorkflow("v0")]);
    const files = { "knock.json": { knockDir: "./knock" }, "knock/environment.json": ENVIRONMENT };
    const api = await openProjectApi({ ...files, ...Object.fromEntries(workflows) }, { isComplete: true });
    expect(await empty.knock(["pull"], { env: toEnv(api) })).toMatchObject({ exitCode: 0 });
    await use(api);
    await api.close();
  },
});

const toEnv = ({ url }: ProjectApi) => ({ KNOCK_SERVICE_TOKEN: TOKEN, KNOCK_MGMT_BASE_URL: url });

/** Runs a command in another process, which kills itself at a call of a method of a module. Returns the signal. */
async function runUntil(sample: Sample, api: ProjectApi, args: readonly string[], hook: string): Promise<unknown> {
  const file = sample.write("kill.cjs", hook);
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: sample.dir,
    env: { HOME: sample.home, ...toEnv(api), NODE_OPTIONS: `--require ${file}` },
    stdio: "ignore",
  });
  const [, signal] = await once(child, "exit");
  return signal;
}

/** Returns a hook that kills the process at the nth call of a method to which a condition applies. */
const createHook = (module: string, method: string, count: number, condition = "true"): string =>
  `const module_ = require("${module}"); const call = module_.${method}; let calls = 0;
  module_.${method} = (...args) => (${condition}) && ++calls === ${count} ? process.kill(process.pid, "SIGKILL") : call(...args);`;

/** Returns the names in the files of the workflows; each is in the main file and in the text of its step. */
const readNames = (sample: Sample): string[] =>
  KEYS.flatMap((key) => [
    (JSON.parse(sample.read(`knock/workflows/${key}/workflow.json`)) as JsonObject).name as string,
    sample.read(`knock/workflows/${key}/sms_1/text_body.txt`).trim(),
  ]);

describe.concurrent("commands that are killed", () => {
  it("a pull leaves old files, or the next command completes it", async ({ empty, api }) => {
    const outcomes: string[] = [];
    // The files are prepared, the first rename is that of the journal, and the others replace the files.
    const points = [
      ["writeFileSync", 7],
      ["renameSync", 1],
      ["renameSync", 2],
      ["renameSync", 6],
    ] as const;
    for (const [index, [method, count]] of points.entries()) {
      const [before, after] = [`v${index}`, `v${index + 1}`];
      for (const key of KEYS) {
        const path = `PUT /v1/workflows/${key}?environment=development`;
        const response = await api.request(path, { workflow: toWorkflow(after) }, { authorization: `Bearer ${TOKEN}` });
        expect(response.status).toBe(200);
      }
      const signal = await runUntil(empty, api, ["pull"], createHook("node:fs", method, count));
      const names = new Set(readNames(empty));
      expect([...names].every((name) => name === before || name === after)).toBe(true);
      const { stderr } = await empty.knock(["plan"], { env: toEnv(api) });
      const completed = new Set(readNames(empty));
      expect(completed.size).toBe(1);
      outcomes.push(`${signal} ${[...completed].join()} ${stderr.includes("interrupted pull was completed")}`);
      await empty.knock(["pull"], { env: toEnv(api) });
      expect(new Set(readNames(empty))).toEqual(new Set([after]));
    }
    expect(outcomes).toEqual(["SIGKILL v0 false", "SIGKILL v1 false", "SIGKILL v3 true", "SIGKILL v4 true"]);
  });

  it("a push is named by the next plan, and --resume completes it", async ({ empty, api }) => {
    const isPush = 'args[0].method === "PUT" && !args[0].path.includes("/validate")';
    for (const [index, killedAt] of [1, 3, 6].entries()) {
      for (const key of KEYS) empty.write(`knock/workflows/${key}/workflow.json`, toWorkflow(`v${index + 1}`));
      const hook = createHook("node:http", "request", killedAt, isPush);
      expect(await runUntil(empty, api, ["push", "-m", `Version ${index}`], hook)).toBe("SIGKILL");
      const { json } = await empty.knock(["plan", "--json"], { env: toEnv(api) });
      const pushed = Math.min(killedAt - 1, KEYS.length);
      const committed = Math.max(0, killedAt - 1 - KEYS.length);
      const names = KEYS.map((key) => `workflows/${key}`);
      expect(json.incomplete_push).toEqual({
        pushed: names.slice(0, pushed),
        not_pushed: names.slice(pushed),
        not_committed: names.slice(committed),
      });
      const resumed = await empty.knock(["push", "--resume", "--json"], { env: toEnv(api) });
      expect(resumed).toMatchObject({ exitCode: 0, json: { failed: null, pushed: names.slice(pushed) } });
      expect((await empty.knock(["plan", "--json"], { env: toEnv(api) })).json).toMatchObject({
        incomplete_push: null,
        summary: { push: 0, unchanged: KEYS.length, uncommitted: 0 },
      });
    }
  });
});
