import { expect } from "vitest";
import { type ApiCase, buildErrorBody, expectInvalidField } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const ASK = "POST /v1/workflows/hello/trigger";
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const STARTED: Pick<ApiCase, "status" | "expectedBody"> = {
  status: 200,
  expectedBody: { workflow_run_id: expect.stringMatching(UUID_V4) },
};

async function nothingRan({ harness }: TestEmulator): Promise<void> {
  expect((await harness.engine.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
}

async function recipients({ harness }: TestEmulator): Promise<unknown[]> {
  const { items } = await harness.engine.listRecipientRuns({}, { limit: 50 });
  return items.map(({ recipient }) => recipient).reverse();
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `r${index}`);
const refused = (body: unknown, field: string) => ({
  request: ASK,
  body,
  ...expectInvalidField(field),
  check: nothingRan,
});

export const TRIGGER_CASES: ApiCase[] = [
  {
    title: "AC-020 starts a run for each recipient and creates its messages",
    request: ASK,
    body: { recipients: ["u1"], data: { n: 1 } },
    ...STARTED,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  {
    title: "AC-021 rejects a truncated body",
    request: ASK,
    body: "{",
    status: 400,
    expectedBody: buildErrorBody("invalid_params", 400),
  },
  { title: "AC-022 rejects an empty body", ...refused("", "recipients") },
  { title: "AC-023 rejects a body without recipients", ...refused({ data: {} }, "recipients") },
  { title: "AC-024 rejects an empty list of recipients", ...refused({ recipients: [] }, "recipients") },
  { title: "AC-025 accepts 1000 recipients", request: ASK, body: { recipients: many(1_000) }, ...STARTED },
  {
    title: "AC-026 rejects 1001 recipients without a run for any",
    ...refused({ recipients: many(1_001) }, "recipients"),
  },
  { title: "AC-027 accepts a single id without a list", request: ASK, body: { recipients: "u1" }, ...STARTED },
  { title: "AC-028 rejects a number as a recipient", ...refused({ recipients: [5] }, "recipients[0]") },
  {
    title: "AC-029 rejects an inline recipient without an id",
    ...refused({ recipients: [{ name: "x" }] }, "recipients[0].id"),
  },
  { title: "AC-030 rejects data that is a list", ...refused({ recipients: ["u1"], data: [1] }, "data") },
  {
    title: "AC-031, AC-032 reports an unknown workflow as missing",
    request: "POST /v1/workflows/nope/trigger",
    body: { recipients: ["u1"] },
    status: 404,
    expectedBody: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "AC-033 rejects an inactive workflow",
    request: "POST /v1/workflows/off/trigger",
    body: { recipients: ["u1"] },
    status: 422,
    expectedBody: buildErrorBody("workflow_inactive", 422),
    check: nothingRan,
  },
  {
    title: "ACQ-7 checks the body before the workflow",
    request: "POST /v1/workflows/nope/trigger",
    body: {},
    ...expectInvalidField("recipients"),
  },
  {
    title: "AC-034 rejects an unknown actor",
    request: ASK,
    body: { recipients: ["u1"], actor: "ghost" },
    status: 422,
    expectedBody: buildErrorBody("actor_missing", 422),
    check: nothingRan,
  },
  {
    title: "AC-035 identifies an inline actor",
    request: ASK,
    body: { recipients: ["u1"], actor: { id: "new1", name: "N" } },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.users.get("new1")).toMatchObject({ name: "N" }),
  },
  {
    title: "AC-036 accepts an unidentified recipient",
    request: ASK,
    body: { recipients: ["never-seen"] },
    ...STARTED,
    async check(api) {
      await nothingRan(api);
      expect((await api.request("GET /v1/users/never-seen")).status).toBe(404);
    },
  },
  {
    title: "AC-037 uses $trigger_data for the run without storing it",
    request: ASK,
    body: { recipients: [{ id: "u9", email: "u9@x.test", $trigger_data: { k: 2 } }], data: { k: 1, z: 0 } },
    ...STARTED,
    async check({ harness, knock }) {
      expect(await knock.users.get("u9")).not.toHaveProperty("$trigger_data");
      expect((await harness.listMessages("u9"))[0]?.data).toEqual({ k: 2, z: 0 });
    },
  },
  {
    title: "AC-038 fans out from an object to its subscribers",
    request: ASK,
    body: { recipients: [{ id: "p1", collection: "projects" }] },
    ...STARTED,
    check: async (api) =>
      expect((await recipients(api)).toSorted()).toEqual([{ id: "p1", collection: "projects" }, "u1", "u2"].toSorted()),
  },
  {
    title: "AC-039 omits the actor from the fan-out",
    request: ASK,
    body: { recipients: [{ id: "p1", collection: "projects" }], actor: "u1" },
    ...STARTED,
    check: async (api) => expect(await recipients(api)).toEqual([{ id: "p1", collection: "projects" }, "u2"]),
  },
  {
    title: "AC-040 starts one run for a duplicate recipient",
    request: ASK,
    body: { recipients: ["u1", "u1"] },
    ...STARTED,
    check: async (api) => expect(await recipients(api)).toEqual(["u1"]),
  },
  {
    title: "AC-041 creates an unknown tenant",
    request: ASK,
    body: { recipients: ["u1"], tenant: "brand-new" },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.tenants.get("brand-new")).toMatchObject({ id: "brand-new" }),
  },
  {
    title: "AC-042 merges an inline tenant",
    request: ASK,
    body: { recipients: ["u1"], tenant: { id: "acme", name: "Acme2" } },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.tenants.get("acme")).toMatchObject({ name: "Acme2" }),
  },
  {
    title: "AC-043 checks data against the schema",
    request: "POST /v1/workflows/strict/trigger",
    body: { recipients: ["u1"], data: {} },
    status: 422,
    expectedBody: buildErrorBody("invalid_params", 422),
    check: nothingRan,
  },
  {
    title: "AC-044 rejects a value of the wrong type",
    request: "POST /v1/workflows/strict/trigger",
    body: { recipients: ["u1"], data: { name: 7 } },
    ...expectInvalidField("data.name"),
  },
  {
    title: "AC-045 applies sandbox mode",
    request: ASK,
    body: { recipients: ["u1"], settings: { sandbox_mode: true } },
    ...STARTED,
    async check({ harness }) {
      const messages = await harness.listMessages("u1");
      expect(messages.map(({ channel, status }) => [channel.type, status])).toEqual([
        ["email", "not_sent"],
        ["in_app_feed", "delivered"],
      ]);
      expect(harness.deliveredMessages).toEqual([]);
    },
  },
  {
    title: "AC-046 skips delays",
    request: "POST /v1/workflows/paused/trigger",
    body: { recipients: ["u1"], settings: { skip_delay: true } },
    ...STARTED,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(1),
  },
  {
    title: "AC-047 rejects a setting of the wrong type",
    ...refused({ recipients: ["u1"], settings: { sandbox_mode: "yes" } }, "settings.sandbox_mode"),
  },
  {
    title: "AC-048 rejects more than 10 MB",
    request: ASK,
    body: { recipients: ["u1"], data: { text: "x".repeat(10 * 1024 * 1024 + 1) } },
    status: 413,
    expectedBody: buildErrorBody("invalid_params", 413),
    check: nothingRan,
  },
  {
    title: "AC-049 ignores an unknown key",
    request: ASK,
    body: { recipients: ["u1"], foo: 1, settings: { bar: 2 } },
    ...STARTED,
  },
  {
    title: "AC-050 accepts the legacy endpoint",
    request: "POST /v1/notify",
    body: { name: "hello", actor: "u2", recipients: ["u1"] },
    status: 200,
    expectedBody: { result_id: expect.stringMatching(UUID_V4) },
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  {
    title: "A-017 rejects a body of the wrong type with its location",
    request: ASK,
    body: "[1]",
    status: 422,
    expectedBody: buildErrorBody("invalid_params", 422),
  },
  {
    title: "rejects a body nested a thousand levels deep",
    request: ASK,
    body: `{"recipients":["u1"],"data":{"a":${"[".repeat(1_000)}${"]".repeat(1_000)}}}`,
    status: 422,
    expectedBody: buildErrorBody("invalid_params", 422),
    check: nothingRan,
  },
  {
    title: "rejects a body of a hundred thousand brackets",
    request: ASK,
    body: "[".repeat(100_000),
    status: 400,
    expectedBody: buildErrorBody("invalid_params", 400),
  },
];

const key = (value: string) => ({ "idempotency-key": value });
const first =
  (body: unknown, request = ASK) =>
  async (api: TestEmulator) =>
    api.request(request, body, key("k1"));

export const IDEMPOTENCY_CASES: ApiCase[] = [
  {
    title: "AC-060, AC-061 replays the first response for the same key and payload",
    request: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    async check({ request, harness }, answered) {
      const again = await request(ASK, { recipients: ["u1"] }, key("k1"));
      expect(again.body).toEqual(answered.body);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(again.headers.get("original-x-request-id")).toBe(answered.headers.get("x-request-id"));
      expect(again.headers.get("x-request-id")).not.toBe(answered.headers.get("x-request-id"));
      expect(await harness.listMessages("u1")).toHaveLength(2);
    },
  },
  {
    title: "AC-062 rejects the same key for another payload",
    given: first({ recipients: ["u1"] }),
    request: ASK,
    body: { recipients: ["u2"] },
    headers: key("k1"),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-063 ignores the order of keys in the payload",
    given: first({ recipients: ["u1"], data: { a: 1, b: 2 } }),
    request: ASK,
    body: { data: { b: 2, a: 1 }, recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBe("true"),
  },
  {
    title: "AC-064 does not remember failed requests",
    given: first({ recipients: ["u1"] }, "POST /v1/workflows/nope/trigger"),
    request: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBeNull(),
  },
  {
    title: "AC-065 accepts the key as new after 24 hours",
    async given(api) {
      await first({ recipients: ["u1"] })(api);
      await api.harness.at(24 * 3_600_000 + 1);
    },
    request: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBeNull(),
  },
  {
    title: "AC-066 rejects the same key for another workflow",
    given: first({ recipients: ["u1"] }),
    request: "POST /v1/workflows/paused/trigger",
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-067 rejects a key of 256 characters",
    request: ASK,
    body: { recipients: ["u1"] },
    headers: key("k".repeat(256)),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-068 ignores the header for other requests",
    given: (api) => api.request("PUT /v1/users/u1", { a: 1 }, key("k1")),
    request: "PUT /v1/users/u1",
    body: { b: 2 },
    headers: key("k1"),
    status: 200,
    expectedBody: { a: 1, b: 2 },
  },
  {
    title: "AC-069 starts one run for two concurrent requests",
    request: ASK,
    body: { recipients: ["u1"] },
    headers: key("other"),
    ...STARTED,
    async check({ request }) {
      const both = await Promise.all([1, 2].map(() => request(ASK, { recipients: ["u2"] }, key("k2"))));
      expect(new Set(both.map(({ text }) => text)).size).toBe(1);
      expect(both.filter(({ headers }) => headers.get("idempotent-replayed") === "true")).toHaveLength(1);
    },
  },
];

const CANCEL = "POST /v1/workflows/paused/cancel";
const paused = (body: object) => (api: TestEmulator) => api.request("POST /v1/workflows/paused/trigger", body);
const two = paused({ recipients: ["u1", "u2"], cancellation_key: "c1" });
const later =
  (expected: string[]) =>
  async ({ harness }: TestEmulator) => {
    await harness.at(3_600_000);
    expect((await harness.listMessages()).map(({ recipient }) => recipient)).toEqual(expected);
  };

export const CANCEL_CASES: ApiCase[] = [
  {
    title: "AC-080 cancels all runs of the key",
    given: two,
    request: CANCEL,
    body: { cancellation_key: "c1" },
    status: 204,
    check: later([]),
  },
  {
    title: "AC-081 cancels one recipient's run",
    given: two,
    request: CANCEL,
    body: { cancellation_key: "c1", recipients: ["u2"] },
    status: 204,
    check: later(["$users/u1"]),
  },
  {
    title: "AC-082, AC-083 cancels an object's own run and a subscriber's run",
    given: paused({ recipients: [{ id: "p1", collection: "projects" }], cancellation_key: "c1" }),
    request: CANCEL,
    body: { cancellation_key: "c1", recipients: [{ id: "p1", collection: "projects" }, "u1"] },
    status: 204,
    check: later(["$users/u2"]),
  },
  {
    title: "AC-084 accepts an unknown key",
    given: two,
    request: CANCEL,
    body: { cancellation_key: "c9" },
    status: 204,
    check: later(["$users/u1", "$users/u2"]),
  },
  {
    title: "AC-085 rejects a body without a key",
    request: CANCEL,
    body: {},
    ...expectInvalidField("cancellation_key"),
  },
  {
    title: "AC-086 reports an unknown workflow as missing",
    request: "POST /v1/workflows/nope/cancel",
    body: { cancellation_key: "c1" },
    status: 404,
    expectedBody: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "AC-087 ignores ended runs",
    given: (api) => api.request(ASK, { recipients: ["u1"], cancellation_key: "c1" }),
    request: "POST /v1/workflows/hello/cancel",
    body: { cancellation_key: "c1" },
    status: 204,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  {
    title: "AC-088 cancels for all recipients if they are null",
    given: two,
    request: CANCEL,
    body: { cancellation_key: "c1", recipients: null, more: 1 },
    status: 204,
    check: later([]),
  },
  {
    title: "AC-089 ignores another workflow's key",
    given: two,
    request: "POST /v1/notify/cancel",
    body: { name: "hello", cancellation_key: "c1" },
    status: 204,
    check: later(["$users/u1", "$users/u2"]),
  },
];
