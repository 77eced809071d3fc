import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { getPropertyRuns } from "../helpers/get-property-runs.js";
import { BIN, cliTest } from "../helpers/run-knock.js";
import { startTriggerApi } from "../helpers/trigger-api.js";

/** The kills of `npm run test:properties`; the normal suite has a tenth. */
const KILLS = getPropertyRuns(200).numRuns;
const LINES_PER_KILL = 60;
const MAX_LINES_BEFORE_KILL = 50;

cliTest(`a run that is killed ${KILLS} times at random points triggers each line exactly once`, async ({ collab }) => {
  const api = await startTriggerApi();
  const count = KILLS * LINES_PER_KILL;
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ key: "invite", recipients: [`u${index}`] }),
  );
  collab.write("triggers.jsonl", lines.join("\n"));
  const env = {
    PATH: process.env.PATH,
    HOME: collab.home,
    KNOCK_API_KEY: "sk_test_0123456789abcdefghij",
    KNOCK_BASE_URL: api.url,
  };
  const args = [
    "notify",
    "--file",
    "triggers.jsonl",
    "--remote",
    "--resume",
    "--rate",
    "100000",
    "--quiet",
    "--output",
    "r.jsonl",
  ];
  let kills = 0;
  let code: number | null = null;
  while (code === null) {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: collab.dir,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    // A kill in the middle of a request, before or after its response was read.
    const killAfter = api.received.length + 1 + Math.floor(Math.random() * MAX_LINES_BEFORE_KILL);
    api.intercept = () => {
      if (kills < KILLS && api.received.length === killAfter && child.kill("SIGKILL")) kills++;
      return false;
    };
    [code] = (await once(child, "exit")) as [number | null];
    expect([null, 0], stderr).toContain(code);
  }
  await api.close();
  expect(kills).toBe(KILLS);
  const recipients = [...api.accepted.values()].map(({ body }) => (body.recipients as string[])[0]);
  expect(recipients).toHaveLength(count);
  expect(new Set(recipients).size).toBe(count);
  const results = readFileSync(join(collab.dir, "r.jsonl"), "utf8").trimEnd().split("\n");
  expect(new Set(results.map((text) => (JSON.parse(text) as { line: number }).line)).size).toBe(count);
});
