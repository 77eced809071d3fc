import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type ManagementStub, STUB_TOKEN, startManagementStub } from "../helpers/management-stub.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { BIN, type Sample } from "../helpers/run-knock.js";

const KEYS = ["a", "b", "c", "d"];
const toWorkflow = (name: string): JsonObject => ({
  name,
  steps: [
    { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: `${name}\n` } },
  ],
});

const it = inProcessTest.extend<{ stub: ManagementStub }>({
  stub: async ({ empty }, use) => {
    empty.write("knock.json", { knockDir: "./knock" });
    empty.write("knock/environment.json", { channels: { twilio: { type: "sms" } } });
    const stub = await startManagementStub();
    await use(stub);
    await stub.close();
  },
});

const toEnv = ({ url }: ManagementStub) => ({ KNOCK_SERVICE_TOKEN: STUB_TOKEN, KNOCK_MGMT_BASE_URL: url });

function start(sample: Sample, stub: ManagementStub, args: readonly string[], env = {}): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], {
    cwd: sample.dir,
    env: { HOME: sample.home, ...toEnv(stub), ...env },
    stdio: "ignore",
  });
}

/** Returns the names in the files of the workflows; each is in the main file and in the text of its step. */
const readNames = (sample: Sample): string[] =>
  KEYS.flatMap((key) => [
    (JSON.parse(sample.read(`knock/workflows/${key}/workflow.json`)) as JsonObject).name as string,
    sample.read(`knock/workflows/${key}/sms_1/text_body.txt`).trim(),
  ]);

describe.concurrent("commands that are killed", () => {
  it("a pull leaves old files, or the next command completes it", async ({ empty, stub }) => {
    const editAll = (name: string): void => {
      for (const key of KEYS) stub.edit(`workflows/${key}`, toWorkflow(name));
    };
    editAll("v0");
    await empty.knock(["pull"], { env: toEnv(stub) });
    const outcomes: string[] = [];
    // The files are prepared, the first rename is that of the journal, and the others replace the files.
    for (const [index, point] of ["writeFileSync 7", "renameSync 1", "renameSync 2", "renameSync 6"].entries()) {
      const [method, count] = point.split(" ");
      const hook = empty.write(
        "kill.cjs",
        `const fs = require("node:fs"); const call = fs.${method}; let calls = 0;
        fs.${method} = (...args) => ++calls === ${count} ? process.kill(process.pid, "SIGKILL") : call(...args);`,
      );
      const [before, after] = [`v${index}`, `v${index + 1}`];
      editAll(after);
      const [, signal] = await once(start(empty, stub, ["pull"], { NODE_OPTIONS: `--require ${hook}` }), "exit");
      const names = new Set(readNames(empty));
      expect([...names].every((name) => name === before || name === after)).toBe(true);
      const { stderr } = await empty.knock(["plan"], { env: toEnv(stub) });
      const completed = new Set(readNames(empty));
      expect(completed.size, point).toBe(1);
      outcomes.push(`${signal} ${[...completed].join()} ${stderr.includes("interrupted pull was completed")}`);
      await empty.knock(["pull"], { env: toEnv(stub) });
      expect(new Set(readNames(empty))).toEqual(new Set([after]));
    }
    expect(outcomes).toEqual(["SIGKILL v0 false", "SIGKILL v1 false", "SIGKILL v3 true", "SIGKILL v4 true"]);
  });

  it("a push is named by the next plan, and --resume completes it", async ({ empty, stub }) => {
    for (const key of KEYS) empty.write(`knock/workflows/${key}/workflow.json`, toWorkflow("v0"));
    for (const [index, killedAt] of [1, 3, 6].entries()) {
      for (const key of KEYS) empty.write(`knock/workflows/${key}/workflow.json`, toWorkflow(`v${index}`));
      let requests = 0;
      let child: ChildProcess | undefined;
      stub.onRequest = (method, path) => {
        if (method !== "PUT" || path.includes("/validate") || ++requests !== killedAt) return undefined;
        child?.kill("SIGKILL");
        return null;
      };
      child = start(empty, stub, ["push", "-m", `Version ${index}`]);
      expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
      stub.onRequest = null;
      const { json } = await empty.knock(["plan", "--json"], { env: toEnv(stub) });
      const pushed = Math.min(killedAt - 1, KEYS.length);
      const committed = Math.max(0, killedAt - 1 - KEYS.length);
      const names = KEYS.map((key) => `workflows/${key}`);
      expect(json.incomplete_push).toEqual({
        pushed: names.slice(0, pushed),
        not_pushed: names.slice(pushed),
        not_committed: names.slice(committed),
      });
      const resumed = await empty.knock(["push", "--resume", "--json"], { env: toEnv(stub) });
      expect(resumed).toMatchObject({ exitCode: 0, json: { failed: null, pushed: names.slice(pushed) } });
      for (const tree of [stub.tree().working, stub.tree().committed])
        expect([...tree.values()].map(({ name }) => name)).toEqual(KEYS.map(() => `v${index}`));
      expect((await empty.knock(["plan", "--json"], { env: toEnv(stub) })).json).toMatchObject({
        incomplete_push: null,
        summary: { push: 0, uncommitted: 0 },
      });
    }
  });
});
