import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import type { TriggerOutcome } from "../../src/domain/run/outcome.js";
import type { Operations } from "../../src/ports/operations.js";
import type { ApiClientOptions } from "../../src/remote/api-client.js";
import { openRemote } from "../../src/remote/open-remote.js";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { type StubApi, type StubExpectation, startStubApi } from "../helpers/stub-api.js";
import { event, get, message, NOT_FOUND, page, RUN_ID, recipientRun, runId } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const RUNS = "/v1/workflow_recipient_runs";
/** Expects a request for the workflow's newest runs, then one for the runs around 10:00, the time of the known runs. */
const NEWEST = `${RUNS}?workflow=hello&page_size=50`;
const AROUND = `${RUNS}?workflow=hello&starting_at=2026-03-01T09%3A55%3A00.000Z&ending_at=2026-03-01T10%3A05%3A00.000Z&page_size=50`;
const MESSAGES = `/v1/messages?workflow_run_id=${RUN_ID}&page_size=50`;

const accepted: TriggerOutcome = {
  workflow_run_id: RUN_ID,
  workflow: "hello",
  target: "remote",
  cancellation_key: "c1",
  recipients: null,
  summary: null,
};

let api: StubApi;
let time: ReturnType<typeof createFakeClock>;
const opened: Operations[] = [];

function open(more: Partial<ApiClientOptions> = {}): Operations {
  const remote = openRemote(buildClientOptions(api, { sleep: time.sleep, now: time.now, retries: 0, ...more }));
  opened.push(remote);
  return remote;
}

const detail = (number: number, events: JsonObject[] = [], more: JsonObject = {}): StubExpectation =>
  get(`${RUNS}/${runId(number)}`, { ...recipientRun(number, more), events });
const sent = (id: string): JsonObject[] => [
  event("message_enqueued", "email_1", { channel_type: "email", message_id: id }),
  event("step_completed", "email_1"),
];

beforeEach(async () => {
  api = await startStubApi();
  time = createFakeClock();
});
afterEach(async () => {
  for (const remote of opened.splice(0)) await remote.close();
  await api.finish();
});

describe("waiting for an outcome", () => {
  it("returns when all runs have appeared and ended, and no new one was found", async () => {
    const [going, done] = [recipientRun(1, { status: "processing" }), recipientRun(1)];
    api.expect(
      get(NEWEST, page([])),
      get(NEWEST, page([going, recipientRun(7, { workflow_run_id: "another" })])),
      get(AROUND, page([recipientRun(2, { status: "paused" }), done])),
      get(AROUND, page([recipientRun(2), done])),
      get(
        MESSAGES,
        page([
          message("m2", 2, "email_1", { status: "bounced" }),
          message("m1", 1, "email_1", { status: "delivered" }),
        ]),
      ),
      detail(1, sent("m1")),
      detail(2, sent("m2")),
    );
    const progress: [number, number][] = [];
    const outcome = await open().awaitOutcome(accepted, {
      timeout_ms: 60_000,
      onTimeout: () => expect.unreachable("everything ended in time"),
      onProgress: (ended, total) => progress.push([ended, total]),
    });
    expect(outcome).toMatchObject({
      workflow_run_id: RUN_ID,
      cancellation_key: "c1",
      recipients: [
        {
          recipient: "u1",
          recipient_run_id: runId(1),
          status: "completed",
          steps: [{ outcome: "sent", message_id: "m1", message_status: "delivered" }],
        },
        { recipient: "u2", status: "completed", steps: [{ outcome: "failed", reason: { code: "delivery_error" } }] },
      ],
      summary: { recipients: 2, sent: 1, failed: 1 },
    });
    expect(progress).toEqual([
      [0, 1],
      [1, 2],
      [2, 2],
    ]);
    // The interval grows from one second to five.
    expect(time.slept).toEqual([1_000, 1_500, 2_250]);
  });

  it("returns the known state after the time limit: a run that waits, and until when", async () => {
    const paused = recipientRun(1, { status: "paused" });
    api.expect(
      get(NEWEST, page([paused])),
      get(AROUND, page([paused])),
      get(AROUND, page([paused])),
      get(MESSAGES, page([])),
      detail(1, [event("run_paused", "delay_1", { until: "2026-03-01T12:00:00Z" })], { status: "paused" }),
    );
    let timeouts = 0;
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: 2_000, onTimeout: () => timeouts++ });
    expect(timeouts).toBe(1);
    expect(outcome.recipients?.[0]).toMatchObject({
      status: "paused",
      steps: [{ ref: "delay_1", outcome: "waiting", until: "2026-03-01T12:00:00Z" }],
    });
    expect(outcome.summary?.waiting).toBe(1);
    expect(time.slept).toEqual([1_000, 1_000]);
  });

  it("asks once with a time limit of zero", async () => {
    api.expect(get(NEWEST, page([])), get(MESSAGES, page([])));
    let timeouts = 0;
    const options = { timeout_ms: 0, onTimeout: () => timeouts++ };
    expect(await open().awaitOutcome(accepted, options)).toEqual(accepted);
    expect(timeouts).toBe(1);
    expect(time.slept).toEqual([]);
  });

  it("returns an entry for a recipient without a run only if the API does not know the recipient", async () => {
    api.expect(
      get(NEWEST, page([recipientRun(1)])),
      get(AROUND, page([recipientRun(1)])),
      get(MESSAGES, page([message("m1", 1, "email_1")])),
      detail(1, sent("m1")),
      get("/v1/users/ghost", NOT_FOUND, 404),
      get("/v1/users/late", { id: "late" }),
      get("/v1/objects/projects/p9", NOT_FOUND, 404),
    );
    const named = ["u1", "ghost", "late", "ghost", { id: "p9", collection: "projects" }].map(toRecipientKey);
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null, namedRecipients: named });
    const reason = { code: "recipient_not_found", detail: null };
    expect(outcome.recipients?.slice(1)).toEqual([
      { recipient: "ghost", recipient_run_id: null, status: null, steps: [], reason },
      { recipient: { id: "p9", collection: "projects" }, recipient_run_id: null, status: null, steps: [], reason },
    ]);
    expect(outcome.summary).toMatchObject({ recipients: 3, sent: 1, failed: 2 });
  });

  it("A-072 follows pages of runs and of messages to their end", async () => {
    const runs = Array.from({ length: 52 }, (_, index) => recipientRun(index + 1)).reverse();
    const messages = runs.map((_, index) => message(`m${52 - index}`, 52 - index, "email_1"));
    const twice = (first: string): StubExpectation[] => [
      get(first, page(runs.slice(0, 50), "c50")),
      get(`${first}&after=c50`, page(runs.slice(50))),
    ];
    api.expect(
      ...twice(NEWEST),
      ...twice(AROUND),
      get(MESSAGES, page(messages.slice(0, 50), "m50")),
      get(`${MESSAGES}&after=m50`, page(messages.slice(50))),
      ...Array.from({ length: 52 }, (_, index) => detail(index + 1, sent(`m${index + 1}`))),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: 60_000 });
    expect(outcome.recipients?.map(({ recipient }) => recipient)).toEqual(
      Array.from({ length: 52 }, (_, index) => `u${index + 1}`),
    );
    expect(outcome.summary).toMatchObject({ recipients: 52, sent: 52 });
  });

  it("EQ-09 accepts a trigger without runs after ten seconds, not before", async () => {
    const polls = [1_000, 1_500, 2_250, 3_375, 5_000];
    api.expect(
      ...Array.from({ length: polls.length + 1 }, () => get(NEWEST, page([]))),
      get(MESSAGES, page([])),
      get(MESSAGES, page([])),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(time.slept).toEqual(polls);
    expect(outcome).toMatchObject({ recipients: [], summary: { recipients: 0, sent: 0, failed: 0 } });
  });

  it("finds runs through their messages if newer runs displaced them from the list", async () => {
    const polls = 6;
    const foreign = page([recipientRun(7, { workflow_run_id: "another" })]);
    api.expect(
      ...Array.from({ length: polls }, () => get(NEWEST, foreign)),
      get(MESSAGES, page([message("m1", 1, "email_1")])),
      detail(1),
      get(AROUND, page([recipientRun(1), recipientRun(2)])),
      get(AROUND, page([recipientRun(1), recipientRun(2)])),
      get(MESSAGES, page([message("m1", 1, "email_1")])),
      detail(1, sent("m1")),
      detail(2, [event("step_skipped", "email_1", { reason: "recipient_opted_out" })]),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(outcome.recipients).toMatchObject([
      { recipient: "u1", steps: [{ outcome: "sent" }] },
      { recipient: "u2", steps: [{ outcome: "skipped", reason: { code: "preference" } }] },
    ]);
  });

  it("E-169 waits shortly for messages that are still being sent when their run ends", async () => {
    const m1 = (status: string) => page([message("m1", 1, "email_1", { status })]);
    api.expect(
      get(NEWEST, page([recipientRun(1)])),
      get(AROUND, page([recipientRun(1)])),
      get(MESSAGES, m1("queued")),
      get(MESSAGES, m1("queued")),
      get(MESSAGES, m1("sent")),
      detail(1, sent("m1")),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ outcome: "sent", message_status: "sent" });
    expect(time.slept).toEqual([1_000, 1_000, 1_000]);
  });

  it("E-198 does not wait for a message that a send window holds", async () => {
    const scheduled_at = "2026-03-01T18:00:00Z";
    api.expect(
      get(NEWEST, page([recipientRun(1)])),
      get(AROUND, page([recipientRun(1)])),
      get(MESSAGES, page([message("m1", 1, "email_1", { status: "queued", scheduled_at })])),
      detail(1, sent("m1")),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ outcome: "queued", until: scheduled_at });
  });

  it("uses the messages of a run whose details no longer exist", async () => {
    api.expect(
      get(NEWEST, page([recipientRun(1)])),
      get(AROUND, page([recipientRun(1)])),
      get(MESSAGES, page([message("m1", 1, "email_1")])),
      get(`${RUNS}/${runId(1)}`, NOT_FOUND, 404),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(outcome.recipients?.[0]?.steps).toMatchObject([{ ref: "email_1", outcome: "sent" }]);
  });
});

describe("a failing wait", () => {
  const down: StubExpectation = { method: "GET", path: NEWEST, reply: { status: 503 } };

  it("tolerates polls that fail for a while", async () => {
    api.expect(
      down,
      down,
      get(NEWEST, page([recipientRun(1)])),
      get(AROUND, page([recipientRun(1)])),
      get(MESSAGES, page([])),
      detail(1),
    );
    const outcome = await open().awaitOutcome(accepted, { timeout_ms: null });
    expect(outcome.recipients).toMatchObject([{ recipient: "u1", status: "completed" }]);
  });

  it("reports after a lasting failure that the trigger was accepted, with its run id", async () => {
    api.expect(down, down, down, down);
    const error = await catchRejection(open().awaitOutcome(accepted, { timeout_ms: null }));
    expect(error).toMatchObject({
      code: "remote_failed",
      status: 503,
      hint: expect.stringContaining(`accepted (workflow run ${RUN_ID})`),
    });
  });

  it("ends at once if the key has no permission to read", async () => {
    api.expect(get(NEWEST, { code: "incorrect_token_type", message: "No" }, 403));
    const error = await catchRejection(open().awaitOutcome(accepted, { timeout_ms: null }));
    expect(error).toMatchObject({ code: "not_allowed", hint: expect.stringContaining(RUN_ID) });
  });

  it("returns the last known state on an interruption", async () => {
    const controller = new AbortController();
    api.expect(get(NEWEST, page([recipientRun(1, { status: "paused" })])));
    const waiting = open({ sleep: undefined }).awaitOutcome(accepted, {
      timeout_ms: null,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect((await waiting).recipients).toMatchObject([{ recipient: "u1", status: "paused", steps: [] }]);
  });

  it("returns unknown recipients on an interruption before the first response", async () => {
    const controller = new AbortController();
    api.expect({ method: "GET", path: NEWEST, reply: { delay: 5_000 } });
    const waiting = open().awaitOutcome(accepted, { timeout_ms: null, signal: controller.signal });
    await eventually(() => api.requests.length === 1);
    controller.abort();
    expect(await waiting).toEqual(accepted);
  });
});

describe("reading a workflow run", () => {
  const ANY = `${RUNS}?page_size=50`;

  it("finds the run through its messages, then the runs around their time", async () => {
    api.expect(
      get(MESSAGES, page([message("m1", 1, "email_1")])),
      detail(1),
      get(AROUND, page([recipientRun(2, { status: "cancelled" }), recipientRun(1)])),
      detail(1, sent("m1"), { trigger_source: { type: "api", cancellation_key: "c9" } }),
      detail(2, [event("run_paused", "delay_1"), event("run_cancelled", "delay_1")], { status: "cancelled" }),
    );
    expect(await open().readWorkflowRun(RUN_ID)).toMatchObject({
      workflow_run_id: RUN_ID,
      workflow: "hello",
      target: "remote",
      recipients: [
        { recipient: "u1", steps: [{ outcome: "sent" }] },
        { recipient: "u2", status: "cancelled", steps: [{ outcome: "cancelled" }] },
      ],
      summary: { recipients: 2, sent: 1, cancelled: 1 },
    });
  });

  it("finds a run without messages among the newest runs", async () => {
    api.expect(
      get(MESSAGES, page([])),
      get(`${RUNS}/${RUN_ID}`, NOT_FOUND, 404),
      get(ANY, page([recipientRun(1)])),
      detail(1),
    );
    expect(await open().readWorkflowRun(RUN_ID)).toMatchObject({
      workflow: "hello",
      recipients: [{ recipient: "u1" }],
    });
  });

  it("returns null for a recipient run's id", async () => {
    api.expect(get(MESSAGES, page([])), get(`${RUNS}/${RUN_ID}`, { ...recipientRun(1), events: [] }));
    expect(await open().readWorkflowRun(RUN_ID)).toBeNull();
  });

  it("returns null if all runs were searched, and otherwise suggests how to continue", async () => {
    const other = page([recipientRun(7, { workflow_run_id: "another" })]);
    api.expect(get(MESSAGES, page([])), get(`${RUNS}/${RUN_ID}`, NOT_FOUND, 404), get(ANY, other));
    const remote = open();
    expect(await remote.readWorkflowRun(RUN_ID)).toBeNull();
    const pages = Array.from({ length: 10 }, (_, index) =>
      get(
        index === 0 ? ANY : `${ANY}&after=c${index}`,
        page([recipientRun(7, { workflow_run_id: "another" })], `c${index + 1}`),
      ),
    );
    api.expect(get(MESSAGES, page([])), get(`${RUNS}/${RUN_ID}`, NOT_FOUND, 404), ...pages);
    const error = await catchRejection(remote.readWorkflowRun(RUN_ID));
    expect(error).toMatchObject({ code: "resource_missing", hint: expect.stringContaining("runs list --workflow") });
  });
});
