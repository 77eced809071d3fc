import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyCommandForOthers } from "../helpers/copy-command-for-others.js";
import { eventually } from "../helpers/eventually.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { createSample, type Sample, type StartedCommand } from "../helpers/run-knock.js";
import { Collector } from "./collector.js";

const SECRET = "token-of-postmark";
const ADA = '{"id":"ada-lovelace","name":"Ada","email":"ada@lark.test"}';
const MISSING =
  /no traces are sent, because @opentelemetry\/sdk-node is not installed\. Run `npm install @opentelemetry\/sdk-node` in the project, or set OTEL_SDK_DISABLED=true\./;

let sample: Sample;
let collector: Collector;
/** Postmark, and the host of the fetch step. */
let api: HttpTestServer;
/** The commands that a test started. */
let started: StartedCommand[];

beforeEach(async () => {
  collector = await Collector.start();
  api = await startHttpTestServer();
  api.respondWith({ json: { MessageID: "1" } });
  started = [];
  sample = createSample(null);
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/environment.json", {
    private_addresses: ["127.0.0.1"],
    fetch: { allow: [`${api.url}/`] },
    channels: {
      mail: {
        type: "email",
        provider: "postmark",
        deliver: true,
        settings: { from_address: "hi@lark.test", api_key: "$POSTMARK_KEY", base_url: api.url },
      },
    },
  });
  sample.write("knock/workflows/letter/workflow.json", {
    name: "Letter",
    steps: [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
      {
        ref: "http_fetch_1",
        type: "http_fetch",
        settings: { method: "get", url: `${api.url}/users/{{ recipient.id }}` },
      },
      {
        ref: "email_1",
        type: "channel",
        channel_type: "email",
        channel_key: "mail",
        template: { subject: "A private subject", html_body: "<p>Hello</p>", settings: {} },
      },
    ],
  });
});

afterEach(async () => {
  for (const command of started) command.kill("SIGKILL");
  await Promise.all(started);
  sample.remove();
  await Promise.all([collector.close(), api.close()]);
});

const delivery = { POSTMARK_KEY: SECRET };

/** Starts a command, and returns it with what it writes. */
function start(args: readonly string[], env: Record<string, string>): { command: StartedCommand; output(): string } {
  const command = sample.start(args, { env: { ...delivery, ...env } });
  started.push(command);
  let text = "";
  for (const stream of [command.stdout, command.stderr])
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  return { command, output: () => text };
}

async function stop({ command }: { command: StartedCommand }): Promise<number | undefined> {
  command.kill("SIGTERM");
  return (await command).exitCode;
}

const notify = (...args: string[]) => sample.knock(["notify", "letter", "-r", ADA, ...args], { env: delivery });
const getRequest = (path: string) => api.requests.find((request) => request.path === path);
const findMail = () => getRequest("/email");

/**
 * Returns whether the span of a delivery has arrived, and that of its job, which ends last. A process that ends sends the rest
 * for a limited time, which can be too short on a busy machine.
 */
function hasDelivery(): boolean {
  const { spans } = collector;
  const delivery = spans.find(({ name }) => name === "deliver mail");
  return delivery !== undefined && spans.some(({ spanId }) => spanId === delivery.parentSpanId);
}

/** Waits for the spans of a delivery. If they do not arrive, the error has the output of the worker and what arrived. */
async function waitForDelivery({ output }: { output(): string }): Promise<void> {
  await eventually(hasDelivery).catch((cause: unknown) => {
    const names = collector.spans.map(({ name }) => name);
    throw new Error(`no delivery: ${JSON.stringify({ output: output(), names, mail: findMail() })}`, { cause });
  });
}

/** Checks the spans of a worker that ran the letter. `job` is the span of the job that delivered it. */
function checkLetter(fetchJob: string, deliveryJob: string): void {
  const [fetching, delivering] = [fetchJob, deliveryJob].map((name) =>
    collector.spans.filter((span) => span.name === name),
  );
  const fetched = collector.getSpan("GET");
  const delivered = collector.getSpan("deliver mail");
  const posted = collector.getSpan("POST");
  expect(fetching?.map(({ spanId }) => spanId)).toContain(fetched.parentSpanId);
  expect(delivering?.map(({ spanId }) => spanId)).toContain(delivered.parentSpanId);
  expect(posted.parentSpanId).toBe(delivered.spanId);
  const server = {
    "url.scheme": "http",
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(api.url).port),
    "http.response.status_code": 200,
  };
  expect(fetched).toMatchObject({ kind: "client", attributes: { "http.request.method": "GET", ...server } });
  expect(posted).toMatchObject({ kind: "client", attributes: { "http.request.method": "POST", ...server } });
  expect(delivered).toMatchObject({
    kind: "internal",
    isFailed: false,
    attributes: {
      "knock.channel": "mail",
      "knock.channel.type": "email",
      "knock.provider": "postmark",
      "knock.delivery.outcome": "sent",
      "http.response.status_code": 200,
    },
  });
  // The receivers of the requests can continue the traces.
  expect(getRequest("/users/ada-lovelace")?.headers.traceparent).toBe(`00-${fetched.traceId}-${fetched.spanId}-01`);
  expect(findMail()?.headers.traceparent).toBe(`00-${posted.traceId}-${posted.spanId}-01`);
  // Not "ada" alone: IDs of traces are hexadecimal.
  for (const secret of ["ada-lovelace", "Ada", "lark.test", SECRET, "private", "users/"])
    expect(collector.text).not.toContain(secret);
}

describe("traces of knock worker on a file", () => {
  it("contain a job, its request, its delivery and the provider's request, and nothing private", async () => {
    const worker = start(["worker"], collector.env);
    await notify();
    await waitForDelivery(worker);
    expect(await stop(worker)).toBe(143);
    checkLetter("process due", "process due");
    const job = collector.spans.find(({ attributes }) => Number(attributes["knock.runs"]) > 0);
    expect(job).toMatchObject({ kind: "consumer", attributes: { "messaging.system": "knock" } });
    expect(job?.resource).toMatchObject({ "service.name": "knock-worker" });
    expect(Object.keys(job?.resource ?? {}).filter((name) => name.startsWith("process."))).toEqual([]);
  });

  it("show a delivery that a provider refused, and use the name and the attributes of the environment", async () => {
    api.respondWith(({ path }) => (path === "/email" ? { status: 500 } : { json: {} }));
    const env = { OTEL_SERVICE_NAME: "mailer", OTEL_RESOURCE_ATTRIBUTES: "team=blue", ...collector.env };
    const worker = start(["worker"], env);
    await notify();
    await waitForDelivery(worker);
    await stop(worker);
    const delivered = collector.getSpan("deliver mail");
    expect(delivered).toMatchObject({
      isFailed: true,
      attributes: { "knock.delivery.outcome": "failed", "error.type": "failed", "http.response.status_code": 500 },
      resource: { "service.name": "mailer", team: "blue" },
    });
    expect(collector.getSpan("POST")).toMatchObject({ isFailed: true, attributes: { "error.type": "500" } });
  });

  it("are off without a collector, and with the variables that turn them off: no package is loaded", async () => {
    const list = join(sample.dir, "loaded.txt");
    const hook = sample.write(
      "hook.cjs",
      `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join("\\n")));`,
    );
    const countLoaded = async (env: Record<string, string>): Promise<number> => {
      const result = await sample.knock(["worker", "--once"], { env: { NODE_OPTIONS: `--require ${hook}`, ...env } });
      expect(result).toMatchObject({ exitCode: 0, stderr: "0 runs advanced" });
      return readFileSync(list, "utf8")
        .split("\n")
        .filter((file) => /open-?telemetry/.test(file)).length;
    };
    expect(await countLoaded({})).toBe(0);
    expect(await countLoaded({ ...collector.env, OTEL_SDK_DISABLED: "true" })).toBe(0);
    expect(await countLoaded({ ...collector.env, OTEL_TRACES_EXPORTER: "none" })).toBe(0);
    expect(await countLoaded(collector.env)).toBeGreaterThan(10);
    const { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...others } = collector.env;
    const tracesUrl = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces` };
    expect(await countLoaded({ ...others, ...tracesUrl })).toBeGreaterThan(10);
  });

  it("use the SDK that a preloaded module has started", async () => {
    const sdk = JSON.stringify(resolve("node_modules/@opentelemetry/sdk-node"));
    const hook = sample.write(
      "preload.cjs",
      `const { NodeSDK } = require(${sdk}); new NodeSDK({ serviceName: "preloaded" }).start();`,
    );
    const worker = start(["worker"], { ...collector.env, NODE_OPTIONS: `--require ${hook}` });
    await notify();
    await waitForDelivery(worker);
    await stop(worker);
    expect(collector.getSpan("deliver mail").resource["service.name"]).toBe("preloaded");
    expect(worker.output()).not.toContain("OpenTelemetry");
  });

  it("are off with a warning if the package is not installed, and on once the project has it", async () => {
    const folder = copyCommandForOthers();
    try {
      const bin = join(folder, "bin/knock.js");
      const { exitCode, stderr } = await sample.knock(["worker", "--once"], { bin, env: collector.env });
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(MISSING);
      expect(stderr).toContain("OTEL_EXPORTER_OTLP_ENDPOINT is set");
      symlinkSync(resolve("node_modules"), join(sample.dir, "node_modules"));
      expect(await sample.knock(["worker", "--once"], { bin, env: collector.env })).toMatchObject({
        exitCode: 0,
        stderr: "0 runs advanced",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("do not stop work, and have one warning, if the collector cannot be reached", async () => {
    const worker = start(["worker", "--verbose"], {
      ...collector.env,
      // A reserved port without a server. Another test could get a port that was just free.
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TIMEOUT: "100",
    });
    for (let count = 1; count <= 3; count++) {
      await notify();
      await eventually(() => api.requests.filter(({ path }) => path === "/email").length === count);
      await eventually(() => worker.output().includes("OpenTelemetry: "));
    }
    expect(await stop(worker)).toBe(143);
    expect(worker.output().match(/OpenTelemetry: .*/g)).toEqual([expect.stringContaining("ECONNREFUSED")]);
  });

  it("do not keep a worker from its end if the collector never answers", async () => {
    const silent = await Collector.start({ fault: "silent" });
    const worker = start(["worker"], { ...silent.env, OTEL_EXPORTER_OTLP_TIMEOUT: "3600000" });
    await notify();
    await eventually(findMail);
    await eventually(() => silent.requestCount > 0);
    expect(await stop(worker)).toBe(143);
    await silent.close();
  });
});

describe("traces of knock dev", () => {
  it("continue the trace of a client that triggers a workflow", async () => {
    const ready = join(sample.dir, "ready.json");
    const dev = start(["dev", "--port", "0", "--ready-file", ready], collector.env);
    const { url } = await eventually(() => {
      try {
        return JSON.parse(readFileSync(ready, "utf8")) as { url: string };
      } catch {
        return null;
      }
    });
    const [traceId, parentSpanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const trigger = (key: string) =>
      fetch(`${url}/v1/workflows/${key}/trigger`, {
        method: "POST",
        headers: {
          authorization: "Bearer sk_test",
          "content-type": "application/json",
          traceparent: `00-${traceId}-${parentSpanId}-01`,
        },
        body: JSON.stringify({ recipients: [JSON.parse(ADA)] }),
      });
    const { workflow_run_id } = (await (await trigger("letter")).json()) as { workflow_run_id: string };
    expect((await trigger("missing")).status).toBe(404);
    await waitForDelivery(dev);
    expect(await stop(dev)).toBe(143);
    const spans = collector.spans.filter(({ kind, name }) => kind === "server" && name.startsWith("POST"));
    expect(spans).toMatchObject(
      [200, 404].map((status) => ({
        name: "POST /v1/workflows/{key}/trigger",
        traceId,
        parentSpanId,
        isFailed: false,
        attributes: {
          "http.request.method": "POST",
          "http.route": "/v1/workflows/{key}/trigger",
          "http.response.status_code": status,
        },
        resource: { "service.name": "knock-dev" },
      })),
    );
    expect(spans[0]?.attributes["knock.workflow_run"]).toBe(workflow_run_id);
    checkLetter("process due", "process due");
  });
});

describeOnPostgres("traces of knock worker on PostgreSQL", () => {
  it("contain a span for each job, with its scope and what it did", async () => {
    const store = await createDatabase();
    const worker = start(["worker", "--store", store], collector.env);
    await eventually(() => worker.output().includes('"event":"started"'));
    await notify("--store", store);
    await waitForDelivery(worker);
    expect(await stop(worker)).toBe(143);
    checkLetter("process runs", "process messages");
    const jobs = collector.spans.filter(({ kind }) => kind === "consumer");
    const [advance] = jobs.filter(({ attributes }) => Number(attributes["knock.runs"]) > 0);
    expect(advance?.attributes).toMatchObject({
      "messaging.operation.type": "process",
      "messaging.destination.name": "runs",
      "messaging.batch.message_count": 1,
      "knock.refused_saves": 0,
    });
    expect(Object.keys(advance?.attributes ?? {}).some((name) => name.startsWith("knock.scope."))).toBe(true);
    const [deliver] = jobs.filter(({ attributes }) => Number(attributes["knock.deliveries"]) > 0);
    expect(deliver?.attributes).toMatchObject({
      "messaging.destination.name": "messages",
      "knock.failed_deliveries": 0,
      "knock.scope.channel": expect.any(String),
    });
    await dropDatabase(store);
  });
});
