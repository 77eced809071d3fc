import { describe, expect } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { cliTest, formatOutcome, type Sample, type StartedCommand } from "../helpers/run-knock.js";

/** Defines a workflow that waits a second, then sends. */
function quick(sample: Sample): void {
  sample.write("knock/workflows/quick/workflow.json", {
    name: "Quick",
    steps: [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
      { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: "Hi" } },
    ],
  });
}

/** Resolves when the command has written a match. */
function saysOn(stream: "stdout" | "stderr", started: StartedCommand, text: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    started[stream].on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (text.test(seen)) resolve(seen);
    });
    started[stream].on("end", () => reject(new Error(`ended without ${text}: ${seen}`)));
  });
}

describe.concurrent("knock worker", () => {
  inProcessTest.for<[args: string[], exitCode: number, message: string]>([
    [["--concurrency", "4"], 3, "--concurrency is only for workers that share a PostgreSQL database"],
    [["--metrics-port", "0", "--once"], 3, "--metrics-port is only for workers that share a PostgreSQL database"],
    [["--concurrency", "0"], 2, '--concurrency: "0" is not a whole number from 1 to 100'],
    [["--metrics-port", "x"], 2, '--metrics-port: "x" must be a whole number from 0 to 65535'],
    [["--host", "0.0.0.0"], 2, "--host is only for --metrics-port"],
  ])("%j is an error", async ([args, exitCode, message], { collab }) => {
    const result = await collab.knock(["worker", ...args]);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: "" });
    expect(result.stderr).toContain(message);
  });

  inProcessTest("--once runs what is due and exits", async ({ collab }) => {
    quick(collab);
    await collab.knock(["clock", "freeze"]);
    const { outcome } = await collab.knock(["notify", "quick", "-r", "grace,katherine", "--json"]);
    expect(formatOutcome(outcome)).toEqual(["grace paused: delay_1 waiting", "katherine paused: delay_1 waiting"]);
    const early = await collab.knock(["worker", "--once"]);
    expect({ stdout: early.stdout, stderr: early.stderr }).toEqual({ stdout: "", stderr: "0 runs advanced" });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await collab.knock(["clock", "reset"]);
    const due = await collab.knock(["worker", "--once", "--json"]);
    expect(due.exitCode).toBe(0);
    expect(due.json.ran).toEqual(
      ["grace", "katherine"].map((recipient) => ({
        recipient_run_id: expect.any(String),
        recipient,
        workflow: "quick",
        at: expect.any(String),
        steps: [expect.objectContaining({ outcome: "passed" }), expect.objectContaining({ outcome: "sent" })],
      })),
    );
    expect((await collab.knock(["worker", "--once"])).stderr).toBe("0 runs advanced");
    const none = await collab.knock(["worker", "--once", "--json"]);
    expect(none.json).toEqual({ now: expect.any(String), frozen: false, offset_ms: 0, ran: [] });
  });

  inProcessTest.for([["SIGINT", 130] as const, ["SIGTERM", 143] as const, ["SIGHUP", 129] as const])(
    "runs due work of other processes, and on %s exits %i and reports what was done",
    async ([signal, code], { collab }) => {
      quick(collab);
      const worker = collab.start(["worker"]);
      await saysOn("stderr", worker, /waiting for due work/);
      const { outcome } = await collab.knock(["notify", "quick", "-r", "grace", "--json"]);
      const line = await saysOn("stdout", worker, /\n/);
      expect(line).toMatch(/ quick {2}grace {2}sms sandboxed\n$/);
      worker.kill(signal);
      const { exitCode, stderr } = await worker;
      expect(exitCode).toBe(code);
      expect(stderr).toBe("waiting for due work; press Ctrl-C to stop\n1 run advanced");
      const ended = await collab.knock(["runs", "show", outcome.workflow_run_id, "--json"]);
      expect(formatOutcome(ended.outcome)).toEqual(["grace completed: delay_1 passed, sms_1 sent"]);
    },
  );

  inProcessTest("follows clock moves of another process", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "lin", "--set", "page=Home"]);
    const worker = collab.start(["worker", "--json"]);
    await saysOn("stderr", worker, /waiting/);
    await collab.knock(["clock", "advance", "29m"]);
    await collab.knock(["clock", "advance", "1m"]);
    // The worker may have claimed the run, and then it is the one that completes it.
    await eventually(async () => (await collab.knock(["runs", "list", "--status", "completed", "--quiet"])).stdout);
    worker.kill("SIGINT");
    expect((await worker).exitCode).toBe(130);
  });
});

cliTest("ends in bounded time after SIGTERM, and releases the work that it has not finished", async ({ collab }) => {
  const server = await startHttpTestServer();
  server.respondWith({ fault: "silent" });
  try {
    const settings = { method: "get", url: `${server.url}/` };
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } };
    const steps = [delay, { ref: "fetch_1", type: "http_fetch", settings }];
    collab.write("knock/workflows/slow/workflow.json", { name: "Slow", steps });
    const environment = JSON.parse(collab.read("knock/environment.json")) as object;
    collab.write("knock/environment.json", {
      ...environment,
      fetch: { allow: [server.url] },
      private_addresses: ["127.0.0.1"],
    });
    const worker = collab.start(["worker"]);
    await collab.knock(["notify", "slow", "-r", "grace,ada"]);
    await eventually(() => server.requests.length >= 2);
    worker.kill("SIGTERM");
    const { exitCode, stderr } = await worker;
    expect(exitCode).toBe(143);
    expect(stderr).toContain(
      "warning: work in progress did not end within 8 seconds, and is released for the next worker",
    );
    server.respondWith({ json: {} });
    const { json } = await collab.knock(["worker", "--once", "--json"]);
    expect(json.ran).toHaveLength(2);
  } finally {
    await server.close();
  }
});

describe.concurrent("several processes on one store", () => {
  cliTest("create a missing store with ten triggers at once without an error", async ({ collab }) => {
    const args = ["notify", "new-comment", "-r", "ada,lin", "--set", "page=Home", "--json"];
    const all = await Promise.all(Array.from({ length: 10 }, () => collab.knock(args)));
    expect(all.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`)).toEqual(all.map(() => "0 "));
    expect(new Set(all.map(({ outcome }) => outcome.workflow_run_id)).size).toBe(10);
    expect((await collab.knock(["runs", "list", "--quiet"])).stdout.split("\n")).toHaveLength(20);
    expect((await collab.knock(["messages", "list", "--quiet"])).stdout.split("\n")).toHaveLength(20);
  });

  cliTest("make one run of one idempotency key used six times at once", async ({ collab }) => {
    const args = ["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--idempotency-key", "k", "--quiet"];
    const all = await Promise.all(Array.from({ length: 6 }, () => collab.knock(args)));
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
    expect((await collab.knock(["runs", "list", "--quiet"])).stdout.split("\n")).toHaveLength(1);
  });

  cliTest("run a once-only workflow once", async ({ collab }) => {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => collab.knock(["notify", "welcome", "-r", "lin", "--json"])),
    );
    const ran = all.filter(({ outcome }) => outcome.recipients?.[0]?.reason?.code !== "trigger_frequency");
    expect(ran).toHaveLength(1);
  });

  cliTest("run each due run once while two of them advance the clock at once", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "ada,grace,lin", "--set", "page=Home"]);
    await Promise.all([1, 2].map(() => collab.knock(["clock", "advance", "30m"])));
    const { stdout } = await collab.knock(["messages", "list", "--channel", "sendgrid", "--quiet"]);
    expect(stdout.split("\n")).toHaveLength(2);
  });
});
