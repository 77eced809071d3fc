import { expect } from "vitest";
import { type ApiCase, buildErrorBody, describeApiCases, expectInvalidField } from "../../helpers/api-case.js";
import type { TestEmulator } from "../../helpers/test-emulator.js";

const ASK = "POST /v1/workflows/hello/trigger";
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const STARTED: Pick<ApiCase, "status" | "answer"> = {
  status: 200,
  answer: { workflow_run_id: expect.stringMatching(UUID_V4) },
};

async function nothingRan({ harness }: TestEmulator): Promise<void> {
  expect((await harness.engine.listRecipientRuns({}, { limit: 5 })).items).toEqual([]);
}

async function recipients({ harness }: TestEmulator): Promise<unknown[]> {
  const { items } = await harness.engine.listRecipientRuns({}, { limit: 50 });
  return items.map(({ recipient }) => recipient).reverse();
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `r${index}`);
const refused = (body: unknown, field: string) => ({ ask: ASK, body, ...expectInvalidField(field), check: nothingRan });

describeApiCases("trigger (api-cases, section 2)", [
  {
    title: "AC-020 a run for each recipient, its messages made",
    ask: ASK,
    body: { recipients: ["u1"], data: { n: 1 } },
    ...STARTED,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  { title: "AC-021 a body cut off", ask: ASK, body: "{", status: 400, answer: buildErrorBody("invalid_params", 400) },
  { title: "AC-022 an empty body", ...refused("", "recipients") },
  { title: "AC-023 recipients missing", ...refused({ data: {} }, "recipients") },
  { title: "AC-024 no recipient", ...refused({ recipients: [] }, "recipients") },
  { title: "AC-025 1000 recipients", ask: ASK, body: { recipients: many(1_000) }, ...STARTED },
  { title: "AC-026 1001 recipients, no run for anyone", ...refused({ recipients: many(1_001) }, "recipients") },
  { title: "AC-027 one identifier, no list", ask: ASK, body: { recipients: "u1" }, ...STARTED },
  { title: "AC-028 a number", ...refused({ recipients: [5] }, "recipients[0]") },
  { title: "AC-029 an inline recipient without id", ...refused({ recipients: [{ name: "x" }] }, "recipients[0].id") },
  { title: "AC-030 data that is a list", ...refused({ recipients: ["u1"], data: [1] }, "data") },
  {
    title: "AC-031, AC-032 a workflow that is not there",
    ask: "POST /v1/workflows/nope/trigger",
    body: { recipients: ["u1"] },
    status: 404,
    answer: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "AC-033 an inactive workflow",
    ask: "POST /v1/workflows/off/trigger",
    body: { recipients: ["u1"] },
    status: 422,
    answer: buildErrorBody("workflow_inactive", 422),
    check: nothingRan,
  },
  {
    title: "ACQ-7 the body is looked at before the workflow",
    ask: "POST /v1/workflows/nope/trigger",
    body: {},
    ...expectInvalidField("recipients"),
  },
  {
    title: "AC-034 an unknown actor",
    ask: ASK,
    body: { recipients: ["u1"], actor: "ghost" },
    status: 422,
    answer: buildErrorBody("actor_missing", 422),
    check: nothingRan,
  },
  {
    title: "AC-035 an actor identified inline",
    ask: ASK,
    body: { recipients: ["u1"], actor: { id: "new1", name: "N" } },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.users.get("new1")).toMatchObject({ name: "N" }),
  },
  {
    title: "AC-036 a recipient never seen",
    ask: ASK,
    body: { recipients: ["never-seen"] },
    ...STARTED,
    async check(api) {
      await nothingRan(api);
      expect((await api.ask("GET /v1/users/never-seen")).status).toBe(404);
    },
  },
  {
    title: "AC-037 $trigger_data is the run's and is not stored",
    ask: ASK,
    body: { recipients: [{ id: "u9", email: "u9@x.test", $trigger_data: { k: 2 } }], data: { k: 1, z: 0 } },
    ...STARTED,
    async check({ harness, knock }) {
      expect(await knock.users.get("u9")).not.toHaveProperty("$trigger_data");
      expect((await harness.listMessages("u9"))[0]?.data).toEqual({ k: 2, z: 0 });
    },
  },
  {
    title: "AC-038 an object fans out to its subscribers",
    ask: ASK,
    body: { recipients: [{ id: "p1", collection: "projects" }] },
    ...STARTED,
    check: async (api) =>
      expect((await recipients(api)).toSorted()).toEqual([{ id: "p1", collection: "projects" }, "u1", "u2"].toSorted()),
  },
  {
    title: "AC-039 the actor is left out",
    ask: ASK,
    body: { recipients: [{ id: "p1", collection: "projects" }], actor: "u1" },
    ...STARTED,
    check: async (api) => expect(await recipients(api)).toEqual([{ id: "p1", collection: "projects" }, "u2"]),
  },
  {
    title: "AC-040 a recipient named twice",
    ask: ASK,
    body: { recipients: ["u1", "u1"] },
    ...STARTED,
    check: async (api) => expect(await recipients(api)).toEqual(["u1"]),
  },
  {
    title: "AC-041 an unknown tenant is made",
    ask: ASK,
    body: { recipients: ["u1"], tenant: "brand-new" },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.tenants.get("brand-new")).toMatchObject({ id: "brand-new" }),
  },
  {
    title: "AC-042 an inline tenant is merged",
    ask: ASK,
    body: { recipients: ["u1"], tenant: { id: "acme", name: "Acme2" } },
    ...STARTED,
    check: async ({ knock }) => expect(await knock.tenants.get("acme")).toMatchObject({ name: "Acme2" }),
  },
  {
    title: "AC-043 data against the schema",
    ask: "POST /v1/workflows/strict/trigger",
    body: { recipients: ["u1"], data: {} },
    status: 422,
    answer: buildErrorBody("invalid_params", 422),
    check: nothingRan,
  },
  {
    title: "AC-044 a value of the wrong type",
    ask: "POST /v1/workflows/strict/trigger",
    body: { recipients: ["u1"], data: { name: 7 } },
    ...expectInvalidField("data.name"),
  },
  {
    title: "AC-045 sandbox mode",
    ask: ASK,
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
    title: "AC-046 delays skipped",
    ask: "POST /v1/workflows/paused/trigger",
    body: { recipients: ["u1"], settings: { skip_delay: true } },
    ...STARTED,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(1),
  },
  {
    title: "AC-047 a setting of the wrong type",
    ...refused({ recipients: ["u1"], settings: { sandbox_mode: "yes" } }, "settings.sandbox_mode"),
  },
  {
    title: "AC-048 more than 10 MB",
    ask: ASK,
    body: { recipients: ["u1"], data: { text: "x".repeat(10 * 1024 * 1024 + 1) } },
    status: 413,
    answer: buildErrorBody("invalid_params", 413),
    check: nothingRan,
  },
  { title: "AC-049 an unknown key", ask: ASK, body: { recipients: ["u1"], foo: 1, settings: { bar: 2 } }, ...STARTED },
  {
    title: "AC-050 the legacy spelling",
    ask: "POST /v1/notify",
    body: { name: "hello", actor: "u2", recipients: ["u1"] },
    status: 200,
    answer: { result_id: expect.stringMatching(UUID_V4) },
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  {
    title: "A-017 wrong kinds of body are refused with the place",
    ask: ASK,
    body: "[1]",
    status: 422,
    answer: buildErrorBody("invalid_params", 422),
  },
  {
    title: "a body nested a thousand levels deep",
    ask: ASK,
    body: `{"recipients":["u1"],"data":{"a":${"[".repeat(1_000)}${"]".repeat(1_000)}}}`,
    status: 422,
    answer: buildErrorBody("invalid_params", 422),
    check: nothingRan,
  },
  {
    title: "a body of a hundred thousand brackets",
    ask: ASK,
    body: "[".repeat(100_000),
    status: 400,
    answer: buildErrorBody("invalid_params", 400),
  },
]);

const key = (value: string) => ({ "idempotency-key": value });
const first =
  (body: unknown, ask = ASK) =>
  async (api: TestEmulator) =>
    api.ask(ask, body, key("k1"));

describeApiCases("idempotency (api-cases, section 3)", [
  {
    title: "AC-060, AC-061 the same again is replayed",
    ask: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    async check({ ask, harness }, answered) {
      const again = await ask(ASK, { recipients: ["u1"] }, key("k1"));
      expect(again.body).toEqual(answered.body);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(again.headers.get("original-x-request-id")).toBe(answered.headers.get("x-request-id"));
      expect(again.headers.get("x-request-id")).not.toBe(answered.headers.get("x-request-id"));
      expect(await harness.listMessages("u1")).toHaveLength(2);
    },
  },
  {
    title: "AC-062 the same key for another payload",
    given: first({ recipients: ["u1"] }),
    ask: ASK,
    body: { recipients: ["u2"] },
    headers: key("k1"),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-063 the order of keys is none of the payload",
    given: first({ recipients: ["u1"], data: { a: 1, b: 2 } }),
    ask: ASK,
    body: { data: { b: 2, a: 1 }, recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBe("true"),
  },
  {
    title: "AC-064 what failed is not remembered",
    given: first({ recipients: ["u1"] }, "POST /v1/workflows/nope/trigger"),
    ask: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBeNull(),
  },
  {
    title: "AC-065 after 24 hours the key is new",
    async given(api) {
      await first({ recipients: ["u1"] })(api);
      await api.harness.at(24 * 3_600_000 + 1);
    },
    ask: ASK,
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...STARTED,
    check: (_api, { headers }) => expect(headers.get("idempotent-replayed")).toBeNull(),
  },
  {
    title: "AC-066 the same key for another workflow",
    given: first({ recipients: ["u1"] }),
    ask: "POST /v1/workflows/paused/trigger",
    body: { recipients: ["u1"] },
    headers: key("k1"),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-067 a key of 256 characters",
    ask: ASK,
    body: { recipients: ["u1"] },
    headers: key("k".repeat(256)),
    ...expectInvalidField("idempotency_key"),
  },
  {
    title: "AC-068 elsewhere the header means nothing",
    given: (api) => api.ask("PUT /v1/users/u1", { a: 1 }, key("k1")),
    ask: "PUT /v1/users/u1",
    body: { b: 2 },
    headers: key("k1"),
    status: 200,
    answer: { a: 1, b: 2 },
  },
  {
    title: "AC-069 two at once are one",
    ask: ASK,
    body: { recipients: ["u1"] },
    headers: key("other"),
    ...STARTED,
    async check({ ask }) {
      const both = await Promise.all([1, 2].map(() => ask(ASK, { recipients: ["u2"] }, key("k2"))));
      expect(new Set(both.map(({ text }) => text)).size).toBe(1);
      expect(both.filter(({ headers }) => headers.get("idempotent-replayed") === "true")).toHaveLength(1);
    },
  },
]);

const CANCEL = "POST /v1/workflows/paused/cancel";
const paused = (body: object) => (api: TestEmulator) => api.ask("POST /v1/workflows/paused/trigger", body);
const two = paused({ recipients: ["u1", "u2"], cancellation_key: "c1" });
const later =
  (expected: string[]) =>
  async ({ harness }: TestEmulator) => {
    await harness.at(3_600_000);
    expect((await harness.listMessages()).map(({ recipient }) => recipient)).toEqual(expected);
  };

describeApiCases("cancel (api-cases, section 4)", [
  {
    title: "AC-080 all under the key",
    given: two,
    ask: CANCEL,
    body: { cancellation_key: "c1" },
    status: 204,
    check: later([]),
  },
  {
    title: "AC-081 one of them",
    given: two,
    ask: CANCEL,
    body: { cancellation_key: "c1", recipients: ["u2"] },
    status: 204,
    check: later(["$users/u1"]),
  },
  {
    title: "AC-082, AC-083 an object's own run, a subscriber's run",
    given: paused({ recipients: [{ id: "p1", collection: "projects" }], cancellation_key: "c1" }),
    ask: CANCEL,
    body: { cancellation_key: "c1", recipients: [{ id: "p1", collection: "projects" }, "u1"] },
    status: 204,
    check: later(["$users/u2"]),
  },
  {
    title: "AC-084 an unknown key",
    given: two,
    ask: CANCEL,
    body: { cancellation_key: "c9" },
    status: 204,
    check: later(["$users/u1", "$users/u2"]),
  },
  { title: "AC-085 no key", ask: CANCEL, body: {}, ...expectInvalidField("cancellation_key") },
  {
    title: "AC-086 an unknown workflow",
    ask: "POST /v1/workflows/nope/cancel",
    body: { cancellation_key: "c1" },
    status: 404,
    answer: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "AC-087 what has ended stays",
    given: (api) => api.ask(ASK, { recipients: ["u1"], cancellation_key: "c1" }),
    ask: "POST /v1/workflows/hello/cancel",
    body: { cancellation_key: "c1" },
    status: 204,
    check: async ({ harness }) => expect(await harness.listMessages("u1")).toHaveLength(2),
  },
  {
    title: "AC-088 null for everyone",
    given: two,
    ask: CANCEL,
    body: { cancellation_key: "c1", recipients: null, more: 1 },
    status: 204,
    check: later([]),
  },
  {
    title: "AC-089 another workflow's key",
    given: two,
    ask: "POST /v1/notify/cancel",
    body: { name: "hello", cancellation_key: "c1" },
    status: 204,
    check: later(["$users/u1", "$users/u2"]),
  },
]);
