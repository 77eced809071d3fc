import { expect, vi } from "vitest";
import { type ApiCase, EXPECT_MISSING, expectInvalidField } from "../../../../helpers/api-case.js";
import { WAIT_OPTIONS } from "../../../../helpers/eventually.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const started = ({ request }: TestEmulator) =>
  request("POST /v1/workflows/hello/trigger", {
    recipients: ["u1"],
    actor: "u2",
    data: { n: 1, text: "a".repeat(300) },
  });

/** Returns a function that creates u1's messages and puts the feed message's id into a path. */
const of = (method: string, path: string) => async (api: TestEmulator) => {
  await started(api);
  return `${method} ${path.replace("{M}", await feedMessage(api))}`;
};

async function feedMessage({ harness }: TestEmulator): Promise<string> {
  const message = (await harness.listMessages()).find(({ channel }) => channel.key === "feed");
  return message?.id as string;
}

const list = (query: string, types: string[]) => ({
  given: started,
  request: `GET /v1/messages?${query}`,
  status: 200,
  check: (_api: TestEmulator, { rows }: { rows: { channel?: unknown }[] }) =>
    expect(rows.map(({ channel }) => (channel as { type: string }).type)).toEqual(types),
});

const BOTH = ["in_app_feed", "email"];

export const MESSAGE_CASES: ApiCase[] = [
  {
    title: "AC-180 lists a run's messages as items, newest first",
    async request({ request }) {
      const { body } = await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] });
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] });
      return `GET /v1/messages?workflow_run_id=${body?.workflow_run_id}`;
    },
    status: 200,
    expectedBody: {
      items: [{ __typename: "Message" }, {}],
      page_info: { __typename: "PageInfo", after: null, before: null },
    },
    check: (_api, { body, rows }) => {
      expect(body).not.toHaveProperty("entries");
      expect(rows[0]).not.toHaveProperty("content");
    },
  },
  { title: "AC-181 filters by status and channel", ...list("status[]=delivered&channel_id=c-feed", ["in_app_feed"]) },
  { title: "AC-181 filters by channel", ...list("channel_id=c-mail", ["email"]) },
  {
    title: "AC-182 rejects an unknown status",
    request: "GET /v1/messages?status[]=lost",
    ...expectInvalidField("status"),
  },
  {
    title: "A-060 rejects a list with indices",
    request: "GET /v1/messages?status[0]=sent",
    ...expectInvalidField("status"),
  },
  { title: "AC-183 filters by a trigger's data", ...list(`trigger_data=${encodeURIComponent('{"n":1}')}`, BOTH) },
  { title: "AC-183 returns nothing for other data", ...list(`trigger_data=${encodeURIComponent('{"n":"1"}')}`, []) },
  { title: "A-076 compares texts up to 256 characters", ...list(`trigger_data={"text":"${"a".repeat(256)}"}`, BOTH) },
  {
    title: "AC-184 rejects nested data",
    request: `GET /v1/messages?trigger_data=${encodeURIComponent('{"o":{"a":1}}')}`,
    ...expectInvalidField("trigger_data"),
  },
  {
    title: "AC-185 rejects data that is not JSON",
    request: "GET /v1/messages?trigger_data=notjson",
    ...expectInvalidField("trigger_data"),
  },
  {
    title: "AC-186 rejects 51 ids",
    request: `GET /v1/messages?${Array.from({ length: 51 }, (_, index) => `message_ids[]=m${index}`).join("&")}`,
    ...expectInvalidField("message_ids"),
  },
  { title: "A-208 filters by engagement", ...list("engagement_status[]=read", []) },
  { title: "A-208 filters by a missing engagement", ...list("engagement_status[]=unread", BOTH) },
  { title: "A-208 filters by category", ...list("workflow_categories[]=social&workflow_categories[]=x", BOTH) },
  { title: "A-208 returns nothing for another category", ...list("workflow_categories[]=x", []) },
  { title: "A-061 filters by time with a dotted name", ...list("inserted_at.gte=2025-06-04T10:00:00Z", BOTH) },
  { title: "A-061 filters by time with brackets", ...list("inserted_at[gt]=2025-06-04T10:00:00Z", []) },
  {
    title: "A-300 lists a user's messages by source",
    given: started,
    request: "GET /v1/users/u2/messages?source=hello",
    status: 200,
    expectedBody: { items: [] },
  },
  { title: "AC-187 reports an unknown message as missing", request: "GET /v1/messages/unknown", ...EXPECT_MISSING },
  {
    title: "AC-188, AC-189 marks a message as read, also repeatedly",
    request: of("PUT", "/v1/messages/{M}/read"),
    status: 200,
    expectedBody: { read_at: ISO, engagement_statuses: ["read"] },
    async check({ request, harness }, { body }) {
      await harness.at(60_000);
      const again = await request(`PUT /v1/messages/${body?.id}/read`);
      expect(again.body?.read_at).not.toBe(body?.read_at);
      const { rows } = await request(`GET /v1/messages/${body?.id}/events`);
      expect(rows[0]).toMatchObject({ __typename: "MessageEvent", type: "message.read", recipient: "u1" });
    },
  },
  {
    title: "AC-190 marks a message as unread",
    request: of("DELETE", "/v1/messages/{M}/read"),
    status: 200,
    expectedBody: { read_at: null },
    check: async ({ request }, { body }) =>
      expect((await request(`GET /v1/messages/${body?.id}/events`)).rows[0]).toMatchObject({ type: "message.unread" }),
  },
  {
    title: "A-231 accepts the negative spelling of an action",
    request: of("DELETE", "/v1/messages/{M}/unseen"),
    status: 200,
    expectedBody: { seen_at: null },
  },
  {
    title: "AC-191 rejects six pairs of metadata",
    request: of("PUT", "/v1/messages/{M}/interacted"),
    body: { metadata: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 } },
    ...expectInvalidField("metadata"),
  },
  {
    title: "AC-192 rejects nested metadata",
    request: of("PUT", "/v1/messages/{M}/interacted"),
    body: { metadata: { a: { b: 1 } } },
    ...expectInvalidField("metadata.a"),
  },
  {
    title: "A-224 marks a message as interacted without a body",
    request: of("PUT", "/v1/messages/{M}/interacted"),
    status: 200,
    expectedBody: { interacted_at: ISO, read_at: ISO },
  },
  {
    title: "AC-193 marks several messages at once, and omits unknown ones",
    given: started,
    request: "GET /v1/messages",
    status: 200,
    async check(api) {
      const id = await feedMessage(api);
      const { rows } = await api.request("POST /v1/messages/batch/seen", { message_ids: [id, "X-unknown"] });
      expect(rows.map((row) => [row.id, row.seen_at])).toEqual([[id, ISO]]);
      expect((await api.request("POST /v1/messages/batch/seen", {})).body).toMatchObject({
        errors: [{ field: "message_ids" }],
      });
      const contents = await api.request(`GET /v1/messages/batch/content?message_ids[]=${id}`);
      expect(contents.rows).toMatchObject([{ __typename: "MessageContent", message_id: id }]);
    },
  },
  {
    title: "AC-194 names a message that changes twice within a second in a header if limits are enabled",
    setup: { rateLimits: true },
    given: started,
    request: "GET /v1/messages",
    status: 200,
    async check(api) {
      const id = await feedMessage(api);
      const markSeen = () => api.request("POST /v1/messages/batch/seen", { message_ids: [id] });
      const answers = [await markSeen(), await markSeen(), await markSeen()];
      expect(answers.map(({ status, rows }) => [status, rows[0]?.seen_at])).toEqual([1, 2, 3].map(() => [200, ISO]));
      // A second may end between two of the requests, but not between all three.
      expect(answers.map(({ headers }) => headers.get("x-ratelimited-message_ids"))).toContain(id);
    },
  },
  {
    title: "AC-195, AC-196 marks a channel's messages, with either parameter for the users",
    given: started,
    request: "POST /v1/channels/c-feed/messages/bulk/read",
    body: { user_ids: ["u1"], archived: "exclude" },
    status: 200,
    expectedBody: { __typename: "BulkOperation", estimated_total_rows: 1 },
    async check({ request }, { body }) {
      for (let state: unknown = ""; state !== "completed"; )
        state = (await request(`GET /v1/bulk_operations/${body?.id}`)).body?.status;
      expect((await request("GET /v1/users/u1/feeds/c-feed")).body).toMatchObject({
        meta: { unread_count: 0, total_count: 1 },
      });
      const none = await request("POST /v1/channels/c-feed/messages/bulk/archive", { recipient_ids: ["u2"] });
      expect(none.body).toMatchObject({ estimated_total_rows: 0 });
    },
  },
  {
    title: "A-205 deletes matching messages with all their data",
    async given({ harness }) {
      await harness.trigger("hello", { recipients: ["u1", "u2"] });
    },
    request: "POST /v1/channels/c-feed/messages/bulk/delete",
    body: { recipient_ids: ["u1"] },
    status: 200,
    expectedBody: { name: "messages.bulk.delete", estimated_total_rows: 1 },
    async check({ request, harness }, { body }) {
      const done = async () => (await request(`GET /v1/bulk_operations/${String(body?.id)}`)).body;
      await vi.waitFor(
        async () => expect(await done()).toMatchObject({ status: "completed", success_count: 1 }),
        WAIT_OPTIONS,
      );
      expect((await request("GET /v1/users/u1/feeds/c-feed")).body).toMatchObject({
        entries: [],
        meta: { total_count: 0 },
      });
      expect((await request("GET /v1/users/u2/feeds/c-feed")).body).toMatchObject({ meta: { total_count: 1 } });
      expect((await harness.listMessages("u1")).map(({ channel }) => channel.type)).toEqual(["email"]);
      const { rows } = await request("GET /v1/workflow_recipient_runs?recipient=u1");
      expect((await request(`GET /v1/workflow_recipient_runs/${String(rows[0]?.id)}`)).status).toBe(200);
    },
  },
  {
    title: "A-205 rejects an unknown channel",
    request: "POST /v1/channels/nope/messages/bulk/read",
    body: {},
    status: 404,
    expectedBody: { message: 'There is no channel "nope"' },
  },
  {
    title: "AC-197 rejects an unknown action",
    request: "POST /v1/channels/c-feed/messages/bulk/explode",
    body: {},
    ...expectInvalidField("action"),
  },
  {
    title: "AC-198 returns an in-app message's content",
    request: of("GET", "/v1/messages/{M}/content"),
    status: 200,
    expectedBody: { data: { __typename: "MessageInAppFeedContent", blocks: [{ name: "body" }] } },
  },
  {
    title: "AC-199 returns no delivery logs",
    request: of("GET", "/v1/messages/{M}/delivery_logs"),
    status: 200,
    expectedBody: { items: [] },
  },
  {
    title: "AC-200 lists events, newest first",
    request: of("GET", "/v1/messages/{M}/events?page_size=2"),
    status: 200,
    async check({ request }, { body, rows }) {
      const id = (await request("GET /v1/messages?channel_id=c-feed")).rows[0]?.id;
      const { page_info } = body as { page_info: { after: string } };
      const rest = await request(`GET /v1/messages/${id}/events?after=${page_info.after}`);
      expect([...rows, ...rest.rows].map(({ type }) => type)).toEqual([
        "message.delivered",
        "message.queued",
        "message.created",
      ]);
    },
  },
  {
    title: "AC-201 returns one activity with expanded recipient and actor",
    request: of("GET", "/v1/messages/{M}/activities"),
    status: 200,
    expectedBody: {
      items: [
        { __typename: "Activity", recipient: { __typename: "User", id: "u1" }, actor: { id: "u2" }, data: { n: 1 } },
      ],
    },
    check: async (api) => {
      const path = `GET /v1/messages/${await feedMessage(api)}/activities`;
      expect((await api.request(`${path}?trigger_data={"n":2}`)).rows).toEqual([]);
    },
  },
  {
    title: "A-010 rejects public keys for a message's content",
    request: "GET /v1/messages/unknown/content",
    headers: { authorization: "Bearer pk_dev" },
    status: 403,
  },
];
