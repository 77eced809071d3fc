import { expect } from "vitest";
import { type ApiCase, buildErrorBody, describeApiCases, EXPECT_MISSING } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const ON_BRANCH = { "x-knock-branch": "feat-1" };
const BODY = { recipients: ["u1"] };
const DELAYED = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 10 } } };
const saying = (text: string) => ({
  ref: "feed_1",
  type: "channel",
  channel_key: "feed",
  channel_type: "in_app_feed",
  template: { markdown_body: text },
});

/** Defines `fresh` and `later` only on the branch, and another text for `hello` there. */
function given({ harness }: TestEmulator): void {
  harness.define("fresh", { steps: [saying("Fresh")] }, "feat-1");
  harness.define("hello", { steps: [saying("From the branch")] }, "feat-1");
  harness.define("later", { steps: [DELAYED, saying("Later")] }, "feat-1");
}

async function texts({ harness }: TestEmulator): Promise<unknown[]> {
  return (await harness.listMessages("u1")).flatMap(
    ({ content }) => (content.blocks as { content: string }[])[0]?.content ?? [],
  );
}

const buildTrigger = (
  on: string,
  headers: Record<string, string> = {},
): Pick<ApiCase, "given" | "request" | "body" | "headers"> => ({
  given,
  request: `POST /v1/workflows/${on}`,
  body: BODY,
  headers,
});

describeApiCases("branches (api-cases, section 10; A-015)", [
  {
    title: "AC-254 triggers a workflow that exists only on the branch",
    ...buildTrigger("fresh/trigger", ON_BRANCH),
    status: 200,
    check: async (api) => expect(await texts(api)).toEqual(["Fresh"]),
  },
  {
    title: "AC-254 reports that workflow as missing without the header",
    ...buildTrigger("fresh/trigger"),
    status: 404,
    expectedBody: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "A-015 prefers the branch's own files to the main files",
    ...buildTrigger("hello/trigger", ON_BRANCH),
    status: 200,
    async check(api) {
      expect(await texts(api)).toEqual(["From the branch"]);
      await api.request("POST /v1/workflows/strict/trigger", { ...BODY, data: { name: "n" } }, ON_BRANCH);
      expect(await texts(api)).toHaveLength(2);
    },
  },
  {
    title: "A-015 rejects an unknown branch for a trigger",
    ...buildTrigger("hello/trigger", { "x-knock-branch": "nope" }),
    ...EXPECT_MISSING,
  },
  {
    title: "A-015 rejects an unknown branch for every request",
    request: "GET /v1/users/u1",
    headers: { "x-knock-branch": "../x" },
    ...EXPECT_MISSING,
  },
  {
    title: "A-015 rejects the engine's name for the content of an environment",
    ...buildTrigger("hello/trigger", { "x-knock-branch": "~production" }),
    given: ({ harness }) => harness.define("hello", { steps: [saying("Production")] }, "~production"),
    ...EXPECT_MISSING,
  },
  {
    title: "A-015 treats an empty header as absent",
    ...buildTrigger("hello/trigger", { "x-knock-branch": "" }),
    status: 200,
  },
  {
    title: "A-015 continues a waiting run with the branch's workflow",
    ...buildTrigger("later/trigger", ON_BRANCH),
    status: 200,
    async check(api) {
      await api.harness.at(600_000);
      expect(await texts(api)).toEqual(["Later"]);
    },
  },
  {
    title: "E-019 ends a run of a deleted branch like one of a deleted workflow",
    ...buildTrigger("later/trigger", ON_BRANCH),
    status: 200,
    async check(api) {
      api.harness.branches.delete("feat-1");
      await api.harness.at(600_000);
      expect(await texts(api)).toEqual([]);
      const { rows } = await api.request("GET /v1/workflow_recipient_runs");
      expect(rows).toMatchObject([{ status: "cancelled" }]);
    },
  },
  {
    title: "A-055 keeps idempotency keys of each branch separate",
    ...buildTrigger("hello/trigger", { ...ON_BRANCH, "idempotency-key": "k" }),
    status: 200,
    async check(api, { body }) {
      const again = (headers: Record<string, string>, content: object = BODY) =>
        api.request("POST /v1/workflows/hello/trigger", content, { "idempotency-key": "k", ...headers });
      const main = await again({});
      expect(main.headers.get("idempotent-replayed")).toBeNull();
      const replayed = await again(ON_BRANCH);
      expect([replayed.body, replayed.headers.get("idempotent-replayed")]).toEqual([body, "true"]);
      const odd = await again(ON_BRANCH, { recipients: ["u2"] });
      expect([odd.status, odd.text]).toEqual([422, expect.stringContaining('idempotency key \\"k\\" was')]);
    },
  },
  {
    title: "A-015 cancels only runs of its branch",
    ...buildTrigger("later/trigger", ON_BRANCH),
    body: { ...BODY, cancellation_key: "c" },
    status: 200,
    async check({ request }) {
      const cancel = (headers: Record<string, string>) =>
        request("POST /v1/workflows/later/cancel", { cancellation_key: "c" }, headers);
      expect((await cancel({})).status).toBe(404);
      expect((await request("GET /v1/workflow_recipient_runs")).rows).toMatchObject([{ status: "paused" }]);
      expect((await cancel(ON_BRANCH)).status).toBe(204);
      expect((await request("GET /v1/workflow_recipient_runs")).rows).toMatchObject([{ status: "cancelled" }]);
    },
  },
  {
    title: "A-902 reads the branch of a test run from the query",
    given,
    request: "PUT /v1/workflows/fresh/run?environment=development&branch=feat-1",
    body: BODY,
    headers: { authorization: "Bearer knock_st_x" },
    status: 200,
    async check(api) {
      expect(await texts(api)).toEqual(["Fresh"]);
      const headers = { authorization: "Bearer knock_st_x" };
      expect((await api.request("PUT /v1/workflows/fresh/run?branch=nope", BODY, headers)).status).toBe(404);
    },
  },
]);
