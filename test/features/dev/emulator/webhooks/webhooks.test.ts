import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../../src/util/json.js";
import { catchRejection } from "../../../../helpers/catch-error.js";
import { eventually } from "../../../../helpers/eventually.js";
import {
  type HttpTestServer,
  type ReceivedRequest,
  startHttpTestServer,
} from "../../../../helpers/http-test-server.js";
import {
  BROKEN_WORKFLOW,
  openProjectApi,
  type ProjectApi,
  type ProjectSetup,
  waitForProjectSnapshot,
} from "../../../../helpers/project-emulator.js";

const KEY = "whsec_kestrel";
const KEYED: ProjectSetup = { env: { HOOK_KEY: KEY } };

let target: HttpTestServer;
let api: ProjectApi | undefined;

async function open(webhooks: (url: string) => object[], setup: ProjectSetup = KEYED): Promise<ProjectApi> {
  target = await startHttpTestServer();
  api = await openProjectApi(
    { "knock/environment.json": { webhooks: webhooks(target.url) }, ...BROKEN_WORKFLOW },
    setup,
  );
  return api;
}

afterEach(async () => {
  await api?.close();
  await target?.close();
  api = undefined;
});

const getEventTypes = (requests: readonly ReceivedRequest[]): string[] => requests.map(({ json }) => String(json.type));
const deliveries = async ({ request }: ProjectApi): Promise<JsonObject[]> =>
  (await request("GET /__knock/webhooks")).body.items as JsonObject[];

/** Returns deliveries whose attempts have ended. */
const ended = (from: ProjectApi, count: number): Promise<JsonObject[]> =>
  eventually(async () => {
    const all = await deliveries(from);
    return all.length >= count && all.every(({ state }) => state !== "pending") ? all : null;
  });

function verified({ headers, text }: ReceivedRequest): boolean {
  const [, at, signature] = /^t=(\d{13}),s=(.+)$/.exec(String(headers["x-knock-signature"])) ?? [];
  return signature === createHmac("sha256", KEY).update(`${at}.${text}`).digest("base64");
}

describe("webhooks (A-920 to A-926)", () => {
  it("receive messages, signed, with the entity and its event's data", async () => {
    const {
      trigger,
      request,
      stderrLines: said,
    } = await open((url) => [
      { url: `${url}/hook?secret=1`, events: ["message.delivered", "message.interacted"], signing_key: "$HOOK_KEY" },
    ]);
    await trigger("hello", "ada");
    const message = ((await request("GET /v1/messages")).body.items as JsonObject[])[0];
    await request(`PUT /v1/messages/${message?.id}/interacted`, { metadata: { button: "ok" } });
    await ended(api as ProjectApi, 2);
    expect(getEventTypes(target.requests)).toEqual(["message.delivered", "message.interacted"]);
    expect(target.requests.every(verified)).toBe(true);
    const [first, second] = target.requests as [ReceivedRequest, ReceivedRequest];
    expect([first.method, first.path, first.headers["content-type"]]).toEqual([
      "POST",
      "/hook?secret=1",
      "application/json",
    ]);
    expect(first.headers["x-knock-event"]).toBe("message.delivered");
    expect(first.headers["x-knock-environment-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.json).toEqual({
      __typename: "Event",
      type: "message.delivered",
      created_at: String(message?.inserted_at).replace(/\.(\d{3})Z$/, ".$1000Z"),
      data: expect.objectContaining({ __typename: "Message", id: message?.id, recipient: "ada", status: "delivered" }),
      event_data: null,
    });
    expect(first.json.data).not.toHaveProperty("content");
    expect(second.json.event_data).toEqual({ __typename: "EventData", button: "ok" });
    const lines = said.filter((line) => line.startsWith("webhook "));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^webhook message\.delivered → http:\/\/127\.0\.0\.1:\d+\/hook\?…: responded 200 in \d+ ms$/,
    );
  });

  it("without a list receive every event, also those of runs (E-012)", async () => {
    const from = await open((url) => [{ url }]);
    await from.trigger("hello", "ada", "bo");
    await ended(from, 6);
    const run = target.requests.find(({ json }) => json.type === "workflow_recipient_run.completed");
    expect(getEventTypes(target.requests).sort()).toEqual([
      "message.delivered",
      "message.delivered",
      "workflow_recipient_run.completed",
      "workflow_recipient_run.completed",
      "workflow_recipient_run.started",
      "workflow_recipient_run.started",
    ]);
    expect(run?.json.data).toMatchObject({
      __typename: "WorkflowRecipientRun",
      workflow: "hello",
      status: "completed",
    });
    expect(run?.json.data).not.toHaveProperty("events");
    expect(run?.headers).not.toHaveProperty("x-knock-signature");
  });

  it("receive runs with an error", async () => {
    const from = await open((url) => [{ url, events: ["workflow_recipient_run.error"] }]);
    const step = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
    const failing = { name: "Failing", steps: [{ ...step, template: { markdown_body: "{{ x | divided_by: 0 }}" } }] };
    from.project.write({ "knock/workflows/failing/workflow.json": failing });
    await from.request("POST /v1/workflows/failing/trigger", { recipients: ["ada"], data: { x: 1 } });
    await ended(from, 1);
    expect(target.requests[0]?.json.data).toMatchObject({ workflow: "failing", error_count: 3 });
  });

  it("receive a changed workflow", async () => {
    const from = await open((url) => [{ url, events: ["workflow.updated"] }]);
    await waitForProjectSnapshot(from);
    from.project.write({ "knock/workflows/hello/workflow.json": { name: "Renamed", steps: [] } });
    await ended(from, 1);
    expect(target.requests[0]?.json).toMatchObject({
      type: "workflow.updated",
      data: { __typename: "Workflow", key: "hello", name: "Renamed" },
      event_data: null,
    });
  });

  it("receive the content of a changed part, under the names of its file (A-926)", async () => {
    const events = ["workflow", "email_layout", "partial", "translation"].map((kind) => `${kind}.updated`);
    const from = await open((url) => [{ url, events }]);
    await waitForProjectSnapshot(from);
    const step = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
    from.project.write({
      "knock/workflows/hello/workflow.json": {
        name: "Hello",
        categories: ["social"],
        steps: [{ ...step, template: { markdown_body: "Anew" } }],
      },
      "knock/layouts/plain/layout.json": {
        name: "Plain",
        html_layout: "<html><body>{{ content }}</body></html>",
        text_layout: "{{ content }}",
      },
      "knock/partials/sign/partial.json": { name: "Sign", type: "html", content: "<p>Bye</p>" },
      "knock/translations/en/en.json": { hello: "Hello" },
    });
    await ended(from, 4);
    const told = new Map(target.requests.map(({ json }) => [json.type, json.data as JsonObject]));
    const environment = "development";
    const updated_at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(told.get("workflow.updated")).toMatchObject({
      key: "hello",
      active: true,
      valid: true,
      categories: ["social"],
      trigger_frequency: "every_trigger",
      steps: [{ ref: "feed_1", template: { markdown_body: "Anew" } }],
      sha: expect.any(String),
      environment,
      updated_at,
    });
    expect(told.get("email_layout.updated")).toMatchObject({
      __typename: "EmailLayout",
      key: "plain",
      name: "Plain",
      text_layout: "{{ content }}",
      environment,
      updated_at,
    });
    expect(told.get("partial.updated")).toMatchObject({
      key: "sign",
      name: "Sign",
      type: "html",
      content: "<p>Bye</p>",
    });
    expect(told.get("translation.updated")).toMatchObject({
      __typename: "Translation",
      locale_code: "en",
      namespace: "",
      tenant: null,
      format: "json",
      content: '{"hello":"Hello"}',
      updated_at,
    });
  });

  it("that fail receive the same body again with a new signature", async () => {
    const from = await open((url) => [{ url, events: ["message.delivered"], signing_key: "$HOOK_KEY" }]);
    target.respondWith({ status: 500 }, { status: 200 });
    await from.trigger("hello", "ada");
    const [delivery] = await ended(from, 1);
    expect(delivery).toMatchObject({
      state: "delivered",
      attempts: [
        { status: 500, error: "responded 500" },
        { status: 200, error: null },
      ],
    });
    expect(target.requests.every(verified)).toBe(true);
    expect(target.requests[1]?.text).toBe(target.requests[0]?.text);
    expect(target.requests[1]?.headers["x-knock-signature"]).not.toBe(target.requests[0]?.headers["x-knock-signature"]);
    expect(from.stderrLines).toContainEqual(
      expect.stringMatching(/^warning: webhook message\.delivered → .*: responded 500; again in 1s$/),
    );
  });

  it("count closed connections and redirects as failures, and follow no redirect", async () => {
    const from = await open((url) => [{ url, events: ["message.delivered"] }]);
    target.respondWith({ status: 302, headers: { location: `${target.url}/elsewhere` } }, { fault: "drop" }, {});
    await from.trigger("hello", "ada");
    const [delivery] = await ended(from, 1);
    expect(delivery?.attempts).toMatchObject([
      { status: 302, error: expect.stringContaining("not followed") },
      { status: null, error: expect.any(String) },
      { status: 200 },
    ]);
    expect(target.requests.map(({ path }) => path)).toEqual(["/", "/", "/"]);
  });

  it("delay neither requests nor other webhooks when one never responds", async () => {
    const silent = await startHttpTestServer();
    silent.respondWith({ fault: "silent" });
    const from = await open((url) => [{ url: silent.url }, { url, events: ["message.delivered"] }]);
    for (let count = 0; count < 20; count++) await from.trigger("hello", "ada");
    await eventually(() => target.requests.length === 20);
    expect(silent.requests.length).toBeLessThanOrEqual(8);
    await silent.close();
  });

  it("receive messages of another process, and after a restart what was pending", async () => {
    const from = await open((url) => [{ url, events: ["message.delivered"] }], { ...KEYED, store: "store.db" });
    target.respondWith({ status: 503 });
    await from.trigger("hello", "ada");
    await eventually(() => target.requests.length >= 1);
    await from.restart(async () => {
      target.respondWith({ status: 200 });
      const { openSqliteStore } = await import("../../../../../src/store/sqlite/open-sqlite-store.js");
      const { createLocalEngine: localEngine } = await import("../../../../../src/context/create-local-engine.js");
      const { openProject } = await import("../../../../../src/project/open-project.js");
      const { parseTrigger } = await import("../../../../../src/domain/trigger/parse-trigger.js");
      const store = await openSqliteStore(from.project.path("store.db"));
      const { root } = from.project;
      const files = openProject({ root, knockDir: from.project.path("knock"), settings: {} }, root);
      const engine = localEngine(files, store, { sleep: async () => {}, env: {} });
      await engine.triggerWorkflow(parseTrigger({ recipients: ["bo"] }, "hello").trigger, { idempotency_key: null });
      await engine.close();
    });
    const all = await ended(from, 2);
    expect(all.map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    const told = target.requests.slice(-2).map(({ json }) => (json.data as JsonObject).recipient as string);
    expect(told.toSorted()).toEqual(["ada", "bo"]);
    await from.restart();
    expect(await deliveries(from)).toEqual([]);
  });

  it("receive nothing pending after a reset", async () => {
    const from = await open((url) => [{ url, events: ["message.delivered"] }]);
    target.respondWith({ status: 500 });
    await from.trigger("hello", "ada");
    await eventually(() => target.requests.length === 1);
    await from.request("POST /__knock/reset");
    expect(await deliveries(from)).toEqual([]);
  });

  it("drop events that cannot be signed because the key's variable is not set", async () => {
    const from = await open((url) => [{ url, events: ["message.delivered"], signing_key: "$NOT_SET" }], { json: true });
    await from.trigger("hello", "ada");
    const [delivery] = await ended(from, 1);
    expect(delivery).toMatchObject({ state: "dropped", attempts: [{ error: expect.stringContaining("NOT_SET") }] });
    expect(target.requests).toEqual([]);
    const line = from.stderrLines
      .map((text) => JSON.parse(text) as JsonObject)
      .find(({ webhook }) => webhook !== undefined);
    expect(line?.webhook).toMatchObject({ type: "message.delivered", state: "dropped" });
  });

  it("with events that never occur locally cause a warning, not an error", async () => {
    const from = await open((url) => [{ url, events: ["workflow.committed", "message.sent"] }]);
    expect(from.stderrLines.slice(0, 1)).toEqual([
      "warning: webhooks[0]: workflow.committed is never sent by the local API: project files are not committed",
    ]);
  });
});

describe("invalid webhooks in environment.json", () => {
  it.each([
    [{}, "webhooks[0].url is required"],
    [{ url: "ftp://x.test" }, "webhooks[0].url must be a URL that starts with http:// or https://"],
    [{ url: "https://me:pass@x.test" }, "webhooks[0].url must not contain a user name or password"],
    [{ url: "https://x.test", events: ["message.snt"] }, 'did you mean "message.sent"?'],
    [{ url: "https://x.test", events: ["delivered"] }, 'did you mean "message.delivered"?'],
    [{ url: "https://x.test", events: [] }, "webhooks[0].events must name an event"],
    [{ url: "https://x.test", signing_key: "whsec_plain" }, "must name an environment variable"],
    [{ url: "https://x.test", event: ["message.sent"] }, 'did you mean "events"?'],
  ])("are rejected: %j", async (webhook, expected) => {
    const error = await catchRejection(openProjectApi({ "knock/environment.json": { webhooks: [webhook] } }));
    expect(error).toMatchObject({ code: "project_invalid", message: expect.stringContaining(expected) });
    expect(String(error)).not.toContain("whsec_plain");
  });

  it("include one that differs from another only in its key, because each event is sent to a URL once", async () => {
    const webhooks = [
      { url: "https://x.test" },
      { url: "https://y.test" },
      { url: "https://x.test", signing_key: "$A" },
    ];
    const error = await catchRejection(openProjectApi({ "knock/environment.json": { webhooks } }));
    expect(error).toMatchObject({
      code: "project_invalid",
      message: expect.stringContaining("webhooks[2].url has the same events as webhooks[0]"),
    });
  });
});
