import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import type { Trigger } from "../../src/domain/trigger/trigger.js";
import { getExitCode } from "../../src/errors/knock-error.js";
import type { Operations } from "../../src/ports/operations.js";
import type { ApiClientOptions } from "../../src/remote/api-client.js";
import { openRemote } from "../../src/remote/open-remote.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { event, get, message, NOT_FOUND, page, RUN_ID, recipientRun, runId } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const payload = { recipients: ["u1"], data: { n: 1 }, cancellation_key: "c1" };
const trigger: Trigger = {
  workflow: "hello",
  recipients: [{ key: toRecipientKey("u1"), upsert: null, trigger_data: null }],
  actor: null,
  tenant: null,
  data: { n: 1 },
  cancellation_key: "c1",
  settings: { sandbox_mode: false, skip_delay: false },
  payload,
};
const PATH = "/v1/workflows/hello/trigger";

let api: StubApi;
let time: ReturnType<typeof createFakeClock>;
const opened: Operations[] = [];

function open(more: Partial<ApiClientOptions> = {}): Operations {
  const remote = openRemote(buildClientOptions(api, { sleep: time.sleep, now: time.now, ...more }));
  opened.push(remote);
  return remote;
}

beforeEach(async () => {
  api = await startStubApi();
  time = createFakeClock();
});
afterEach(async () => {
  for (const remote of opened.splice(0)) await remote.close();
  await api.finish();
});

describe("triggering", () => {
  it("AC-020 returns the run id, and no fields that the API did not send", async () => {
    api.expect({
      method: "POST",
      path: PATH,
      headers: { "idempotency-key": "k1", "x-knock-branch": "feat-1" },
      body: payload,
      reply: { json: { workflow_run_id: RUN_ID } },
    });
    expect(await open({ branch: "feat-1" }).triggerWorkflow(trigger, { idempotency_key: "k1" })).toEqual({
      workflow_run_id: RUN_ID,
      workflow: "hello",
      target: "remote",
      cancellation_key: "c1",
      recipients: null,
      summary: null,
    });
  });

  it("AC-061, A-051 reports a replay", async () => {
    const headers = { "idempotent-replayed": "true", "original-x-request-id": "r1" };
    api.expect({ method: "POST", path: PATH, body: payload, reply: { headers, json: { workflow_run_id: RUN_ID } } });
    expect(await open().triggerWorkflow(trigger, { idempotency_key: "k1" })).toMatchObject({ replayed: true });
  });

  it.each(["k1", null])("A-050, A-054 sends the idempotency key %j again on every try", async (idempotency_key) => {
    const request = {
      method: "POST",
      path: PATH,
      headers: { "idempotency-key": /^(k1|knock-cli-[0-9a-f-]{36})$/ },
      body: payload,
    };
    api.expect(
      { ...request, reply: { status: 429, headers: { "retry-after": "1" } } },
      { ...request, reply: { drop: true } },
      { ...request, reply: { json: { workflow_run_id: RUN_ID } } },
    );
    await open().triggerWorkflow(trigger, { idempotency_key });
    expect(new Set(api.requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(time.slept).toEqual([1_000, 1_000]);
  });

  it("generates different keys for two triggers without one", async () => {
    const request = { method: "POST", path: PATH, body: payload, reply: { json: { workflow_run_id: RUN_ID } } };
    api.expect(request, request);
    const remote = open();
    await remote.triggerWorkflow(trigger, { idempotency_key: null });
    await remote.triggerWorkflow(trigger, { idempotency_key: null });
    expect(new Set(api.requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(2);
  });

  it.each([
    ["AC-002", 401, { code: "api_key_missing" }, "authentication", 4],
    ["AC-005", 403, { code: "incorrect_token_type" }, "not_allowed", 4],
    ["AC-031", 404, { code: "workflow_missing" }, "workflow_missing", 5],
    ["AC-033", 422, { code: "workflow_inactive" }, "workflow_inactive", 6],
    ["AC-034", 422, { code: "actor_missing" }, "actor_missing", 5],
    [
      "AC-043",
      422,
      { code: "invalid_params", errors: [{ field: "data.name", message: "is required" }] },
      "invalid_params",
      2,
    ],
    ["AC-048", 413, { code: "invalid_params" }, "payload_too_large", 2],
    [
      "AC-062",
      422,
      { code: "invalid_params", errors: [{ field: "idempotency_key", message: "differs" }] },
      "idempotency_conflict",
      6,
    ],
  ])("%s maps HTTP %i %j to %s, exit %i", async (_case, status, body, code, exit) => {
    api.expect({ method: "POST", path: PATH, body: payload, reply: { status, json: { message: "Said so", ...body } } });
    const error = await catchRejection(open().triggerWorkflow(trigger, { idempotency_key: "k1" }));
    expect(error).toMatchObject({ code, status, request_id: "req_stub" });
    expect(getExitCode(error)).toBe(exit);
  });

  it.each([
    ["a response without a run id", { json: { result: "ok" } }],
    ["a web page", { text: "<html>Sign in</html>" }],
    ["a run id that is not a UUID", { json: { workflow_run_id: "not-a-uuid" } }],
    ["a truncated response", { text: '{"workflow_run_id":"6f1f' }],
  ])("rejects %s as a response", async (_name, reply) => {
    api.expect({ method: "POST", path: PATH, body: payload, reply });
    const error = await catchRejection(open().triggerWorkflow(trigger, { idempotency_key: "k1" }));
    expect(error).toMatchObject({ code: "remote_failed", status: 200, request_id: "req_stub" });
    expect(getExitCode(error)).toBe(7);
  });

  it("rejects an idempotency key that cannot be a header as usage, and sends nothing", async () => {
    const error = await catchRejection(open().triggerWorkflow(trigger, { idempotency_key: "a\nb" }));
    expect(error).toMatchObject({ code: "usage" });
    expect(api.requests).toEqual([]);
  });
});

describe("canceling", () => {
  const cancel = {
    method: "POST",
    path: "/v1/workflows/hello/cancel",
    headers: { "idempotency-key": null },
    reply: { status: 204 },
  };

  it("AC-080 cancels for all recipients", async () => {
    api.expect({ ...cancel, body: { cancellation_key: "c1" } });
    expect(await open().cancelWorkflow({ workflow: "hello", cancellation_key: "c1", recipients: null })).toEqual({
      workflow: "hello",
      cancellation_key: "c1",
      target: "remote",
      recipients: null,
      summary: null,
    });
  });

  it("AC-081, AC-082 cancels for some recipients as references, and retries like any other request", async () => {
    const body = { cancellation_key: "c1", recipients: ["u2", { id: "p1", collection: "projects" }] };
    api.expect({ ...cancel, body, reply: { status: 503 } }, { ...cancel, body });
    const recipients = [toRecipientKey("u2"), toRecipientKey({ id: "p1", collection: "projects" })];
    await open().cancelWorkflow({ workflow: "hello", cancellation_key: "c1", recipients });
  });

  it("AC-086 reports an unknown workflow", async () => {
    api.expect({
      ...cancel,
      body: { cancellation_key: "c1" },
      reply: { status: 404, json: { code: "workflow_missing", message: "No" } },
    });
    const error = await catchRejection(
      open().cancelWorkflow({ workflow: "hello", cancellation_key: "c1", recipients: null }),
    );
    expect(error).toMatchObject({ code: "workflow_missing" });
  });
});

describe("recipient runs", () => {
  it("AC-247, A-316 have details with their steps", async () => {
    const detail = {
      ...recipientRun(1),
      events: [event("step_skipped", "sms_1", { reason: "missing_recipient_data" })],
    };
    api.expect(
      get(`/v1/workflow_recipient_runs/${runId(1)}`, detail),
      get(`/v1/messages?workflow_recipient_run_id=${runId(1)}&page_size=50`, page([message("m1", 1, "email_1")])),
    );
    expect(await open().readRecipientRun(runId(1))).toMatchObject({
      id: runId(1),
      events: detail.events,
      steps: [
        { ref: "sms_1", outcome: "skipped" },
        { ref: "email_1", outcome: "sent", message_id: "m1" },
      ],
    });
  });

  it("are null for unknown ids, and invalid ids cause no request", async () => {
    api.expect(get(`/v1/workflow_recipient_runs/${runId(9)}`, NOT_FOUND, 404));
    const remote = open();
    expect(await remote.readRecipientRun(runId(9))).toBeNull();
    expect(await remote.readRecipientRun("../messages")).toBeNull();
    expect(await remote.readWorkflowRun("nonsense")).toBeNull();
  });

  it("AC-246, A-060, A-315 accept filters and a page's cursors", async () => {
    const query =
      "workflow=hello&status%5B%5D=paused&tenant=acme&recipient%5Bid%5D=p1&recipient%5Bcollection%5D=projects&page_size=2&after=c0";
    api.expect(get(`/v1/workflow_recipient_runs?${query}`, page([recipientRun(1), recipientRun(2)], "c2", "c1")));
    const filter = {
      workflow: "hello",
      status: "paused",
      tenant: "acme",
      recipient: toRecipientKey({ id: "p1", collection: "projects" }),
    } as const;
    expect(await open().listRecipientRuns(filter, { limit: 2, after: "c0" })).toEqual({
      items: [recipientRun(1), recipientRun(2)],
      page_info: { after: "c2", before: "c1", page_size: 2 },
    });
  });

  it("A-070 come from several pages for more than 50, also backwards", async () => {
    const many = Array.from({ length: 60 }, (_, index) => recipientRun(index + 1));
    api.expect(
      get("/v1/workflow_recipient_runs?recipient=u1&page_size=50", page(many.slice(0, 50), "c50")),
      get("/v1/workflow_recipient_runs?recipient=u1&page_size=10&after=c50", page(many.slice(50), null, "c51")),
    );
    const all = await open().listRecipientRuns({ recipient: toRecipientKey("u1") }, { limit: 60 });
    expect(all.items).toEqual(many);
    expect(all.page_info).toEqual({ after: null, before: null, page_size: 60 });
    api.expect(
      get("/v1/workflow_recipient_runs?page_size=50&before=c61", page(many.slice(10), "c60", "c11")),
      get("/v1/workflow_recipient_runs?page_size=10&before=c11", page(many.slice(0, 10), "c10", null)),
    );
    const back = await open().listRecipientRuns({}, { limit: 60, before: "c61" });
    expect(back.items).toEqual(many);
    expect(back.page_info).toEqual({ after: "c60", before: null, page_size: 60 });
  });

  it("are searched page by page for a workflow run, because the API has no such filter", async () => {
    const other = { ...recipientRun(1), workflow_run_id: "another" };
    api.expect(
      get("/v1/workflow_recipient_runs?page_size=50", page([other], "c1")),
      get("/v1/workflow_recipient_runs?page_size=50&after=c1", page([other, recipientRun(2)], "c2")),
    );
    expect(await open().listRecipientRuns({ workflow_run_id: RUN_ID }, { limit: 50 })).toEqual({
      items: [recipientRun(2)],
      page_info: { after: "c2", before: null, page_size: 50 },
    });
  });

  it("end at a server that repeats its cursor", async () => {
    api.expect(
      get("/v1/workflow_recipient_runs?page_size=3", page([recipientRun(1)], "c1")),
      get("/v1/workflow_recipient_runs?page_size=2&after=c1", page([recipientRun(2)], "c1")),
    );
    expect((await open().listRecipientRuns({}, { limit: 3 })).items).toHaveLength(2);
  });
});
