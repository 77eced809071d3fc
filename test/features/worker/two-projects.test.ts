import { afterEach, beforeEach, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample, StartedCommand } from "../../helpers/run-knock.js";
import { WorkerProcess } from "../../reliability/faults/worker-process.js";

interface Server {
  command: StartedCommand;
  readReadiness(): Promise<{ status: number; text: string }>;
}

/** Writes a workflow that waits a second before its message, so that a worker continues its runs. */
function writeWorkflow(project: Sample, key: string, text: string, channel = "feed"): void {
  project.write(`knock/workflows/${key}/workflow.json`, {
    name: key,
    steps: [
      { ref: "wait", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
      { ref: "tell", type: "channel", channel_key: channel, template: { markdown_body: text } },
    ],
  });
}

function createProject(): Sample {
  const project = createInProcessSample(null);
  project.write("knock.json", { knockDir: "./knock" });
  project.write("knock/environment.json", { name: "staging", channels: { feed: { type: "in_app_feed" } } });
  project.write("knock/recipients/users.json", { users: [{ id: "ada", name: "Ada" }] });
  writeWorkflow(project, "order", "first version");
  return project;
}

describeOnPostgres("two projects on one store", () => {
  let store: string;
  let before: Sample;
  let after: Sample;
  const workers: WorkerProcess[] = [];
  const servers: Server[] = [];

  beforeEach(async () => {
    store = await createDatabase();
    [before, after] = [createProject(), createProject()];
    after.write("knock/partials/sign/partial.json", { name: "Sign", type: "markdown", content: "signed" });
    writeWorkflow(after, "order", 'second version {% render "sign" %}');
    writeWorkflow(after, "refund", "a refund");
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) if (worker.isRunning) await worker.stop();
    for (const { command } of servers.splice(0)) {
      command.kill("SIGTERM");
      await command;
    }
    await dropDatabase(store);
    for (const project of [before, after]) project.remove();
  });

  async function startWorker(project: Sample): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start(project, store);
    workers.push(worker);
    return worker;
  }

  const knock = (project: Sample, ...args: string[]) => project.knock([...args, "--store", store, "--json"]);

  async function trigger(project: Sample, workflow: string, count: number): Promise<void> {
    const line = JSON.stringify({ key: workflow, recipients: ["ada"] });
    project.write("triggers.jsonl", `${line}\n`.repeat(count));
    const { exitCode, stderr } = await project.knock([
      "notify",
      "--file",
      "triggers.jsonl",
      "--store",
      store,
      "--quiet",
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  }

  /** Waits until runs have completed, and returns the number of messages with each text. */
  async function countTexts(runs: number): Promise<Record<string, number>> {
    const items = await eventually(async () => {
      const { json } = await knock(after, "runs", "list", "--limit", "50");
      const found = json.items as { status: string }[];
      return found.length === runs && found.every(({ status }) => !["queued", "processing", "paused"].includes(status))
        ? found
        : null;
    });
    expect(new Set(items.map(({ status }) => status))).toEqual(new Set(["completed"]));
    const { json } = await knock(after, "messages", "list", "--limit", "50");
    const texts: Record<string, number> = {};
    for (const { id } of json.items as { id: string }[]) {
      const { stdout } = await knock(after, "messages", "show", id);
      const text = /(first version|second version signed|a refund)/.exec(stdout)?.[0] ?? stdout;
      texts[text] = (texts[text] ?? 0) + 1;
    }
    return texts;
  }

  async function startServer(project: Sample, ...options: string[]): Promise<Server> {
    const args = ["serve", "--port", "0", "--metrics-port", "0", ...options, "--store", store];
    const command = project.start(args);
    const lines: JsonObject[] = [];
    command.stdout?.on("data", (chunk: Buffer) => {
      for (const line of String(chunk).split("\n").filter(Boolean)) lines.push(JSON.parse(line) as JsonObject);
    });
    const started = await eventually(() => {
      if (command.exitCode !== null) throw new Error(`knock serve ended with ${command.exitCode}`);
      return lines.find(({ event }) => event === "started");
    });
    const server = {
      command,
      async readReadiness() {
        const response = await fetch(`http://127.0.0.1:${started.metrics_port}/ready`);
        return { status: response.status, text: await response.text() };
      },
    };
    servers.push(server);
    return server;
  }

  /** Returns the check of `knock doctor` that compares the projects. */
  async function readCheck(): Promise<{ status: string; message: string; hint?: string }> {
    const { json } = await knock(after, "doctor");
    const checks = json.checks as { name: string; status: string; message: string; hint?: string }[];
    const found = checks.find(({ name }) => name === "projects");
    if (found === undefined) throw new Error(`no check of projects: ${JSON.stringify(checks)}`);
    return found;
  }

  it("leave runs of a version to the workers that have it", async () => {
    await startWorker(before);
    await startWorker(after);
    const count = 12;
    await trigger(before, "order", count);
    await trigger(after, "order", count);
    await trigger(after, "refund", count);
    expect(await countTexts(3 * count)).toEqual({
      "first version": count,
      "second version signed": count,
      "a refund": count,
    });
    // No job is lost: work is found again only when a worker dies.
    for (const worker of workers) expect(worker.listEvents("reconciled")).toEqual([]);
  });

  it("keep runs that no worker can do until one can, and knock doctor shows them", async () => {
    const worker = await startWorker(before);
    await startServer(after);
    await trigger(after, "order", 2);
    await trigger(after, "refund", 2);
    const waiting = await eventually(async () => {
      const check = await readCheck();
      return /; \d jobs? waits? for a worker/.test(check.message) ? check : null;
    });
    expect(waiting).toMatchObject({ status: "error", hint: expect.stringContaining("start a worker") });
    expect(await worker.readMetric("knock_other_projects")).toBe(1);
    await eventually(async () => (await worker.readMetric("knock_left_jobs")) > 0);
    await startWorker(after);
    expect(await countTexts(4)).toEqual({ "second version signed": 2, "a refund": 2 });
    await worker.stop();
    await eventually(async () => (await readCheck()).status === "ok");
    expect(await worker.listEvents("run_failed")).toEqual([]);
  });

  it("do runs of a version that only an older server has", async () => {
    await startServer(before);
    await startWorker(after);
    await trigger(before, "order", 2);
    expect(await countTexts(2)).toEqual({ "first version": 2 });
  });

  it("cancel runs of a removed workflow when all processes have the same project", async () => {
    await startWorker(before);
    await trigger(after, "refund", 1);
    await eventually(async () => {
      const { json } = await knock(after, "runs", "list");
      return (json.items as { status: string }[])[0]?.status === "cancelled";
    });
  });

  it("make only the servers unready whose project most others do not have", async () => {
    const alone = await startServer(before, "--project-grace", "0s");
    expect(await alone.readReadiness()).toEqual({ status: 200, text: "ok\n" });
    const others = [await startServer(after, "--project-grace", "0s"), await startServer(after)];
    const { text } = await eventually(async () => {
      const found = await alone.readReadiness();
      return found.status === 503 ? found : null;
    });
    expect(text).toMatch(
      /does not run the project of most servers: workers and servers run 2 different projects: [0-9a-f]{12} \(server \d+ on .+, server \d+ on .+\) and [0-9a-f]{12} \(server \d+ on .+\)/,
    );
    for (const other of others)
      expect(await other.readReadiness()).toMatchObject({
        status: 200,
        text: expect.stringMatching(/^ok, but workers/),
      });
    expect(await readCheck()).toMatchObject({
      status: "error",
      message: expect.stringContaining("different projects"),
    });
    alone.command.kill("SIGKILL");
    await eventually(async () => (await others[0]?.readReadiness())?.text === "ok\n");
    expect(await readCheck()).toMatchObject({ status: "ok", message: expect.stringContaining("all live workers") });
  });

  it("lose nothing during a rolling change with triggers in between", async () => {
    const old = [await startWorker(before), await startWorker(before)];
    const expected = { "first version": 0, "second version signed": 0, "a refund": 0 };
    for (const worker of old) {
      await trigger(before, "order", 4);
      await startWorker(after);
      await trigger(after, "order", 4);
      await trigger(after, "refund", 4);
      await trigger(before, "order", 2);
      await worker.stop();
      expected["first version"] += 6;
      expected["second version signed"] += 4;
      expected["a refund"] += 4;
    }
    expect(await countTexts(28)).toEqual(expected);
  });
});
