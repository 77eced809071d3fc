import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { createRandom } from "../contract/store/random-operations.js";
import { eventually } from "../helpers/eventually.js";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { BIN, type Sample } from "../helpers/run-knock.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

/** Set it to the seed of a failure to kill at the same steps. */
const seed = Number(process.env.KNOCK_KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const KILLS = 2;
const KEYS = ["a", "b", "c", "d"];
const NAMES = KEYS.map((key) => `workflows/${key}`);
const TOKEN = "knock_st_local";
const HOOK = join(import.meta.dirname, "../helpers/kill-hook.cjs");

const toWorkflow = (name: string): JsonObject => ({
  name,
  steps: [
    { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "twilio", template: { text_body: `${name}\n` } },
  ],
});
const PROJECT = {
  "knock.json": { knockDir: "./knock" },
  "knock/environment.json": { channels: { twilio: { type: "sms" } } },
};
const ACCOUNT = {
  ...PROJECT,
  ...Object.fromEntries(KEYS.map((key) => [`knock/workflows/${key}/workflow.json`, toWorkflow("v0")])),
};

const toEnv = ({ url }: { url: string }) => ({ KNOCK_SERVICE_TOKEN: TOKEN, KNOCK_MGMT_BASE_URL: url });
const toHook = (kill: JsonObject) => ({
  NODE_OPTIONS: `--require ${HOOK}`,
  KNOCK_TEST_KILL: JSON.stringify(kill),
});

/** A checkout of an account with four workflows. */
const it = inProcessTest.extend<{ checkout: Sample }>({
  checkout: async ({ empty }, use) => {
    for (const [path, content] of Object.entries(PROJECT)) empty.write(path, content);
    await use(empty);
  },
});

const openApi = () => openProjectApi(ACCOUNT, { isComplete: true });

/** Runs a command in another process with the hook. */
function runHooked(sample: Sample, api: ProjectApi, args: readonly string[], kill: JsonObject) {
  const env = { HOME: sample.home, ...toEnv(api), ...toHook(kill) };
  const options = { cwd: sample.dir, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
  return execa(process.execPath, [BIN, ...args], options);
}

/** Runs a command in another process, which is killed at a step; 0 for none. Returns the number of steps if it was not killed. */
async function runUntil(sample: Sample, api: ProjectApi, args: readonly string[], at: number): Promise<number | null> {
  const file = join(sample.home, "steps");
  const { signal, stderr } = await runHooked(sample, api, args, { at, file });
  if (signal === undefined && at === 0) expect(stderr).toBe("");
  return signal === undefined ? Number(readFileSync(file, "utf8")) : null;
}

/** Returns the names in the files of the workflows; each is in the main file and in the text of its step. */
const readNames = (sample: Sample): string[] =>
  KEYS.flatMap((key) => [
    (JSON.parse(sample.read(`knock/workflows/${key}/workflow.json`)) as JsonObject).name as string,
    sample.read(`knock/workflows/${key}/sms_1/text_body.txt`).trim(),
  ]);

/** Returns the workflows that have a name in the account. With `committedOnly`, only commits count. */
async function listNamed({ request }: ProjectApi, name: string, committedOnly = false): Promise<string[]> {
  const endpoint = `GET /v1/workflows?environment=development&hide_uncommitted_changes=${committedOnly}`;
  const { body } = await request(endpoint, undefined, { authorization: `Bearer ${TOKEN}` });
  return (body.entries as JsonObject[]).filter((entry) => entry.name === name).map(({ key }) => `workflows/${key}`);
}

function writeVersion(sample: Sample, name: string): void {
  for (const key of KEYS) sample.write(`knock/workflows/${key}/workflow.json`, toWorkflow(name));
}

/** Completes a push as users do, and expects that nothing is left. */
async function completePush(sample: Sample, api: ProjectApi, isIncomplete: boolean): Promise<void> {
  const env = toEnv(api);
  const args = isIncomplete ? ["--resume"] : ["-m", "Again"];
  expect(await sample.knock(["push", ...args, "--json"], { env })).toMatchObject({
    exitCode: 0,
    json: { failed: null },
  });
  expect((await sample.knock(["plan", "--json"], { env })).json).toMatchObject({
    incomplete_push: null,
    summary: { push: 0, unchanged: KEYS.length, uncommitted: 0 },
  });
}

describe.concurrent(`commands that are killed at random steps (KNOCK_KILL_SEED=${seed})`, () => {
  it("a pull leaves old files, or the next command completes it", async ({ checkout }) => {
    const random = createRandom(seed);
    const api = await openApi();
    const count = (await runUntil(checkout, api, ["pull"], 0)) ?? 0;
    checkout.write("knock/workflows/a/notes.md", "kept");
    for (let version = 1; version <= KILLS; version++) {
      const [before, after] = [`v${version - 1}`, `v${version}`];
      for (const key of KEYS) {
        const path = `PUT /v1/workflows/${key}?environment=development`;
        const response = await api.request(path, { workflow: toWorkflow(after) }, { authorization: `Bearer ${TOKEN}` });
        expect(response.status).toBe(200);
      }
      // A pull that replaces files has more steps than the first one. One that ends before has written everything.
      const steps = await runUntil(checkout, api, ["pull"], 1 + random(Math.ceil(count * 1.5)));
      const names = new Set(readNames(checkout));
      expect([...names].every((name) => name === before || name === after)).toBe(true);
      if (steps !== null) expect([...names]).toEqual([after]);
      const { stderr } = await checkout.knock(["plan"], { env: toEnv(api) });
      const completed = [...new Set(readNames(checkout))];
      expect(completed).toHaveLength(1);
      if (names.size === 2 || stderr.includes("interrupted pull was completed")) expect(completed).toEqual([after]);
      expect(await checkout.knock(["pull"], { env: toEnv(api) })).toMatchObject({ exitCode: 0 });
      expect([...new Set(readNames(checkout))]).toEqual([after]);
    }
    expect(checkout.read("knock/workflows/a/notes.md")).toBe("kept");
    await api.close();
  });

  it("a pull onto a full disk changes nothing, and the next one succeeds", async ({ checkout }) => {
    const random = createRandom(seed + 3);
    const api = await openApi();
    const env = toEnv(api);
    expect(await checkout.knock(["pull"], { env })).toMatchObject({ exitCode: 0 });
    for (const key of KEYS) {
      const path = `PUT /v1/workflows/${key}?environment=development`;
      await api.request(path, { workflow: toWorkflow("v1") }, { authorization: `Bearer ${TOKEN}` });
    }
    // Two files and a base for each workflow, and copies of the old ones.
    const full = 1 + random(KEYS.length * 3 * 2);
    const { exitCode, stderr } = await runHooked(checkout, api, ["pull"], { full });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^error: \S+ could not be written: ENOSPC: no space left on device/),
    });
    expect(stderr).toContain("hint: Free space on the disk, and run the command again. Nothing was changed.");
    expect([...new Set(readNames(checkout))]).toEqual(["v0"]);
    expect(readdirSync(checkout.path(".knock-local/account"))).toEqual(["base"]);
    expect(await checkout.knock(["pull"], { env })).toMatchObject({ exitCode: 0 });
    expect([...new Set(readNames(checkout))]).toEqual(["v1"]);
    await api.close();
  });

  it("a push is named by the next plan, and --resume completes it", async ({ checkout }) => {
    const random = createRandom(seed + 1);
    const api = await openApi();
    expect(await checkout.knock(["pull"], { env: toEnv(api) })).toMatchObject({ exitCode: 0 });
    writeVersion(checkout, "v1");
    const count = (await runUntil(checkout, api, ["push", "-m", "Version 1"], 0)) ?? 0;
    for (let version = 2; version < KILLS + 2; version++) {
      const name = `v${version}`;
      writeVersion(checkout, name);
      await runUntil(checkout, api, ["push", "-m", name], 1 + random(count));
      const { json } = await checkout.knock(["plan", "--json"], { env: toEnv(api) });
      const incomplete = json.incomplete_push as Record<string, string[]> | null;
      const [pushed, committed] = [await listNamed(api, name), await listNamed(api, name, true)];
      if (incomplete === null) {
        // Nothing was sent yet, or everything was done.
        expect([0, KEYS.length]).toContain(pushed.length);
        expect(committed).toEqual(pushed);
      } else {
        const { pushed: named = [], not_pushed: notPushed = [], not_committed: notCommitted = [] } = incomplete;
        // The account may have received one more than the journal names: the response was not read.
        expect([0, 1]).toContain(pushed.length - named.length);
        expect(pushed.slice(0, named.length)).toEqual(named);
        expect([...named, ...notPushed]).toEqual(NAMES);
        expect([0, 1]).toContain(committed.length - (KEYS.length - notCommitted.length));
        expect(NAMES.slice(KEYS.length - notCommitted.length)).toEqual(notCommitted);
      }
      await completePush(checkout, api, incomplete !== null);
      expect(await listNamed(api, name, true)).toEqual(NAMES);
    }
    await api.close();
  });

  it("a server keeps every push and commit that it has accepted", async ({ checkout }) => {
    const random = createRandom(seed + 2);
    const project = new TemporaryProject(ACCOUNT);
    const ready = join(checkout.home, "ready.json");
    const isWriting = random(2) === 1;
    const args = ["dev", "--port", "0", "--store", "dev.db", "--ready-file", ready, ...(isWriting ? ["--write"] : [])];
    const env = { HOME: checkout.home, ...toHook({ fraction: (1 + random(1000)) / 1000 }) };
    const server = execa(process.execPath, [BIN, ...args], {
      cwd: project.root,
      env,
      extendEnv: false,
      reject: false,
      stdio: "ignore",
    });
    await eventually(() => existsSync(ready));
    const { url } = JSON.parse(readFileSync(ready, "utf8")) as { url: string };
    const run = (...words: string[]) => checkout.knock(words, { env: toEnv({ url }) });
    expect(await run("pull")).toMatchObject({ exitCode: 0 });
    writeVersion(checkout, "v1");
    expect(await run("push", "-m", "Version 1")).toMatchObject({ exitCode: 0 });
    writeVersion(checkout, "v2");
    const push = await run("push", "-m", "Version 2", "--json");
    server.kill("SIGKILL");
    await server;
    const report = push.stdout === "" ? { pushed: [], committed: [] } : push.json;
    const api = await openProjectApi({}, { project, store: "dev.db" });
    expect(await listNamed(api, "v2")).toEqual(expect.arrayContaining(report.pushed as string[]));
    expect(await listNamed(api, "v2", true)).toEqual(expect.arrayContaining(report.committed as string[]));
    await completePush(checkout, api, push.exitCode !== 0 && push.stdout !== "");
    expect(await listNamed(api, "v2", true)).toEqual(NAMES);
    await api.close();
  });
});
