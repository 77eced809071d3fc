import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { BIN, quoteShellWord } from "../helpers/run-knock.js";
import { type StartedServer, startServer } from "../helpers/started-server.js";
import { WorkerProcess } from "../reliability/faults/worker-process.js";

const PAGE = readFileSync(resolve(import.meta.dirname, "../../docs/guide/runbook.md"), "utf8");
/** The commands of each section, by its heading. The page begins with starting a server, which the test does. */
const SECTIONS = PAGE.split(/^## /m)
  .slice(1)
  .map((text) => [text.slice(0, text.indexOf("\n")), /```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? ""] as const);
/** Finds nothing while all is well. */
const MAY_BE_EMPTY = /knock (?:runs|messages) list/;
const hasClient = ["psql", "curl"].every((program) => spawnSync(program, ["--version"]).status === 0);
if (!hasClient) console.warn("notice: no psql or curl; the commands of the runbook are not run on PostgreSQL");

describeOnPostgres("the runbook", () => {
  let store: string;
  let server: StartedServer;
  let worker: WorkerProcess;

  beforeAll(async () => {
    store = await createDatabase();
    server = await startServer({ store });
    worker = await WorkerProcess.start(server.sample, store);
  });

  afterAll(async () => {
    await worker.stop();
    await server.stop();
    await dropDatabase(store);
  });

  function run(commands: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const script = commands
      .replaceAll("127.0.0.1:9464", `127.0.0.1:${worker.metricsPort}`)
      .replaceAll("http://127.0.0.1:9465", server.operatorUrl);
    const knock = `knock() { ${[process.execPath, BIN].map(quoteShellWord).join(" ")} "$@"; }`;
    const child = spawn("bash", ["-euo", "pipefail", "-c", `${knock}\n${script}`], {
      cwd: join(server.sample.dir),
      env: { ...process.env, KNOCK_STORE: store },
      timeout: 120_000,
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => {
        output[name] += String(chunk);
      });
    return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
  }

  it.runIf(hasClient).each(SECTIONS)("has commands for %s that work on PostgreSQL", async (_heading, commands) => {
    const { code, stdout, stderr } = await run(commands);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    if (!MAY_BE_EMPTY.test(commands)) expect(stdout).not.toBe("");
  });
});
