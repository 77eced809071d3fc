import { expect } from "vitest";
import { getChannelId } from "../../../../../src/domain/environment/environment.js";
import { type ApiCase, buildErrorBody, EXPECT_MISSING, expectInvalidField } from "../../../../helpers/api-case.js";
import { batch } from "../../../../helpers/batch-case.js";
import { step } from "../../../../helpers/build-steps.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const FEED = "GET /v1/users/u1/feeds/c-feed";
const UNKNOWN_ID = "6f1f0f3e-0000-4000-8000-000000000001";

/** Creates message A with tenant acme, B without a tenant and C with another one, a second apart. */
async function three({ request, harness }: TestEmulator): Promise<void> {
  for (const [index, tenant] of ["acme", null, "other"].entries()) {
    await harness.at(index * 1_000);
    const data = { item: "ABC"[index], nested: { a: 1 }, attachments: [] };
    await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"], actor: "u2", tenant, data });
  }
}

async function undeclared({ request, harness }: TestEmulator): Promise<void> {
  harness.define("ring", { steps: [{ ...step.feed("{{ n }}"), ref: "bell_1", channel_key: "bell" }] });
  await request("POST /v1/workflows/ring/trigger", { recipients: ["u1"], data: { n: 3 } });
}

function declared({ harness }: TestEmulator): void {
  harness.audiences.push({ key: "beta", name: "Beta", type: "static", segments: [] });
}

const joinItems = (rows: readonly { data?: unknown }[]): string =>
  rows.map(({ data }) => (data as { item: string }).item).join("");

const feed = (query: string, items: string, meta?: object) => ({
  given: three,
  request: `${FEED}?${query}`,
  status: 200,
  ...(meta ? { expectedBody: { meta } } : {}),
  check: (_api: TestEmulator, { rows }: { rows: { data?: unknown }[] }) => expect(joinItems(rows)).toBe(items),
});

async function mark({ request, harness }: TestEmulator, item: string, action: string): Promise<void> {
  const messages = (await harness.listMessages("u1")).filter(({ channel }) => channel.key === "feed");
  await request(`PUT /v1/messages/${messages["ABC".indexOf(item)]?.id}/${action}`);
}

const marked = (action: string) => async (api: TestEmulator) => {
  await three(api);
  await mark(api, "A", action);
};

export const FEED_CASES: ApiCase[] = [
  {
    title: "AC-210 returns an empty feed for an unknown user",
    request: "GET /v1/users/ghost/feeds/c-feed",
    status: 200,
    expectedBody: {
      entries: [],
      meta: { __typename: "FeedMetadata", total_count: 0, unread_count: 0, unseen_count: 0 },
      page_info: { __typename: "PageInfo", after: null, before: null, page_size: 50 },
      vars: { base_url: "https://lark.test" },
    },
  },
  {
    title: "AC-211 returns a tenant's items and those without a tenant",
    ...feed("tenant=acme", "BA", { total_count: 2, unread_count: 2 }),
  },
  { title: "AC-212 returns only a tenant's items", ...feed("tenant=acme&has_tenant=true", "A") },
  { title: "AC-213 returns only items without a tenant", ...feed("has_tenant=false", "B") },
  {
    title: "AC-214 filters unread items without a change of the counts",
    ...feed("status=unread", "CB", { total_count: 3, unread_count: 2 }),
    given: marked("read"),
  },
  { title: "AC-215 hides archived items", ...feed("", "CB"), given: marked("archived") },
  { title: "AC-215 returns only archived items", ...feed("archived=only", "A"), given: marked("archived") },
  { title: "AC-215 includes archived items", ...feed("archived=include", "CBA"), given: marked("archived") },
  {
    title: "AC-216 returns compact items",
    given: three,
    request: `${FEED}?mode=compact&page_size=1`,
    status: 200,
    check: (_api, { rows }) => {
      expect(rows[0]).not.toHaveProperty("activities");
      expect(rows[0]).not.toHaveProperty("total_activities");
      expect(rows[0]?.data).toEqual({ item: "C" });
      expect(rows[0]?.actors).toMatchObject([{ id: "u2" }]);
    },
  },
  {
    title: "AC-217, AC-226, AC-227 returns rich items with all times, a cursor and no attachments",
    given: three,
    request: `${FEED}?page_size=1`,
    status: 200,
    check: (_api, { rows }) =>
      expect(rows[0]).toMatchObject({
        __cursor: expect.any(String),
        activities: [{ __typename: "Activity", data: { item: "C", nested: { a: 1 } } }],
        total_activities: 1,
        data: { item: "C", nested: { a: 1 } },
        seen_at: null,
        read_at: null,
        interacted_at: null,
        archived_at: null,
        link_clicked_at: null,
        clicked_at: null,
      }),
  },
  { title: "AC-218 filters by source and category", ...feed("source=hello&workflow_categories[]=social", "CBA") },
  {
    title: "AC-218 returns nothing for a source and another category",
    ...feed("source=hello&workflow_categories[]=x", ""),
  },
  { title: "AC-219 returns nothing after a later time", ...feed("inserted_at.gt=2030-01-01T00:00:00Z", "") },
  {
    title: "AC-220 rejects an invalid time",
    request: `${FEED}?inserted_at.gt=soon`,
    ...expectInvalidField("inserted_at.gt"),
  },
  { title: "A-288 filters by data", ...feed(`trigger_data=${encodeURIComponent('{"item":"B"}')}`, "B") },
  {
    title: "AC-221 returns items newer than a given one",
    given: three,
    request: FEED,
    status: 200,
    check: async ({ request }, { rows }) =>
      expect(joinItems((await request(`${FEED}?before=${rows.at(-1)?.__cursor}`)).rows)).toBe("CB"),
  },
  {
    title: "AC-222 omits excluded fields",
    given: three,
    request: `${FEED}?exclude=entries.archived_at,meta`,
    status: 200,
    check: (_api, { body, rows }) => {
      expect(body).not.toHaveProperty("meta");
      expect(rows[0]).not.toHaveProperty("archived_at");
      expect(rows[0]).toHaveProperty("seen_at");
    },
  },
  {
    title: "A-218, A-498 returns the activities of all triggers of a batch",
    async given({ request, harness }) {
      harness.define("digest", { steps: [batch(), step.feed()] });
      for (const [n, actor] of ["u1", "u2"].entries())
        await request("POST /v1/workflows/digest/trigger", { recipients: ["bo"], actor, data: { n } });
      await harness.at(24 * 3_600_000);
    },
    request: "GET /v1/users/bo/feeds/c-feed",
    status: 200,
    async check({ request }, { rows }) {
      const activities = [
        { __typename: "Activity", actor: { id: "u1" }, data: { n: 0 } },
        { __typename: "Activity", actor: { id: "u2" }, data: { n: 1 } },
      ];
      expect(rows).toMatchObject([{ total_activities: 2, activities }]);
      expect((await request(`GET /v1/messages/${rows[0]?.id}/activities`)).rows).toMatchObject(activities);
    },
  },
  {
    title: "AC-223 rejects excluded fields that are nested too deep",
    request: `${FEED}?exclude=a.b.c.d`,
    ...expectInvalidField("exclude"),
  },
  {
    title: "AC-224 rejects an id without a channel",
    request: "GET /v1/users/u1/feeds/7f1c0f3e-0000-4000-8000-000000000009",
    ...EXPECT_MISSING,
  },
  {
    title: "AC-224 rejects the settings of a feed without a channel",
    request: "GET /v1/users/u1/feeds/7f1c0f3e-0000-4000-8000-000000000009/settings",
    ...EXPECT_MISSING,
  },
  {
    title: "A-288 finds a channel that only a workflow names by its key",
    given: undeclared,
    request: "GET /v1/users/u1/feeds/bell",
    status: 200,
    expectedBody: { entries: [{ data: { n: 3 } }] },
  },
  {
    title: "A-288 finds a channel that only a workflow names by its id",
    given: undeclared,
    request: `GET /v1/users/u1/feeds/${getChannelId("bell")}`,
    status: 200,
    expectedBody: { entries: [{ data: { n: 3 } }] },
  },
  { title: "AC-224 rejects a key without a channel", request: "GET /v1/users/u1/feeds/nothing", ...EXPECT_MISSING },
  {
    title: "AC-225 rejects an email channel's id",
    request: "GET /v1/users/u1/feeds/c-mail",
    status: 422,
    expectedBody: buildErrorBody("channel_invalid", 422),
  },
  {
    title: "AC-228 returns the settings of a feed",
    request: `${FEED}/settings`,
    status: 200,
    expectedBody: { features: { branding_required: false } },
  },
];

const SCHEDULE = { workflow: "hello", recipients: ["u1"], repeats: [{ frequency: "daily", hours: 9, minutes: 30 }] };

export const RUN_CASES: ApiCase[] = [
  ...(
    [
      ["weekdays", ["mon", "tue", "wed", "thu", "fri"]],
      ["weekends", ["sat", "sun"]],
      [
        ["sun", "mon"],
        ["sun", "mon"],
      ],
      [null, null],
    ] as const
  ).map(([days, answered]) => ({
    title: `A-504 returns days given as ${JSON.stringify(days)} as a list`,
    request: "POST /v1/schedules",
    body: { workflow: "hello", recipients: ["u1"], repeats: [{ frequency: "daily", days, hours: 9 }] },
    status: 200,
    async check({ request }: TestEmulator, { rows }: { rows: unknown[] }) {
      expect(rows).toMatchObject([{ repeats: [{ frequency: "daily", days: answered }] }]);
      expect((await request("GET /v1/users/u1/schedules")).rows).toMatchObject([{ repeats: [{ days: answered }] }]);
    },
  })),
  {
    title: "AC-240 returns a created schedule in a bare list",
    request: "POST /v1/schedules",
    body: { ...SCHEDULE, unknown: 1 },
    status: 200,
    async check({ request }, { rows }) {
      expect(rows).toMatchObject([
        { __typename: "Schedule", workflow: "hello", next_occurrence_at: expect.stringContaining("T09:30:00") },
      ]);
      for (const path of [
        "/v1/schedules?workflow=hello",
        "/v1/users/u1/schedules",
        "/v1/schedules?workflow=hello&recipients[]=u1",
      ])
        expect(
          (await request(`GET ${path}`)).rows.map(({ id }) => id),
          path,
        ).toEqual([rows[0]?.id]);
      expect((await request("GET /v1/schedules?workflow=hello&recipients[]=u2")).rows).toEqual([]);
      const changed = await request("PUT /v1/schedules", { schedule_ids: [rows[0]?.id], data: { a: 1 } });
      expect(changed.rows).toMatchObject([{ data: { a: 1 } }]);
    },
  },
  {
    title: "AC-241 rejects minutes that are not supported",
    request: "POST /v1/schedules",
    body: { ...SCHEDULE, repeats: [{ frequency: "daily", minutes: 7 }] },
    ...expectInvalidField("repeats[0].minutes"),
  },
  {
    title: "AC-242 rejects a schedule of an unknown workflow",
    request: "POST /v1/schedules",
    body: { ...SCHEDULE, workflow: "nope" },
    status: 404,
    expectedBody: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "AC-243 rejects a schedule without a time and a rule",
    request: "POST /v1/schedules",
    body: { workflow: "hello", recipients: ["u1"] },
    status: 422,
  },
  {
    title: "AC-244 requires the workflow to list schedules",
    request: "GET /v1/schedules",
    ...expectInvalidField("workflow"),
  },
  {
    title: "AC-245 deletes schedules named in the body",
    request: "POST /v1/schedules",
    body: SCHEDULE,
    status: 200,
    async check({ request }, { rows }) {
      const removed = await request("DELETE /v1/schedules", { schedule_ids: [rows[0]?.id] });
      expect(removed.rows.map(({ id }) => id)).toEqual([rows[0]?.id]);
    },
  },
  {
    title: "A-271 creates schedules in bulk",
    request: "POST /v1/schedules/bulk/create",
    body: { schedules: [{ workflow: "hello", recipient: "u1", repeats: SCHEDULE.repeats }] },
    status: 200,
    expectedBody: { __typename: "BulkOperation", estimated_total_rows: 1 },
  },
  {
    title: "AC-246 lists waiting runs",
    async given({ request }) {
      await request("POST /v1/workflows/paused/trigger", { recipients: ["u1"] });
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] });
    },
    request: "GET /v1/workflow_recipient_runs?workflow=paused&status[]=paused",
    status: 200,
    expectedBody: { items: [{ __typename: "WorkflowRecipientRun", status: "paused" }] },
    async check({ request }) {
      const count = async (query: string) => (await request(`GET /v1/workflow_recipient_runs?${query}`)).rows.length;
      expect(await count("recipient=u1")).toBe(2);
      expect(await count("recipient[id]=u1&recipient[collection]=projects")).toBe(0);
      expect(await count("starting_at=2025-06-04T10:00:00Z&ending_at=2025-06-04T10:00:00Z")).toBe(2);
      expect(await count("starting_at=2025-06-04T10:00:01Z")).toBe(0);
      expect(await count("ending_at=2025-06-04T09:59:59Z")).toBe(0);
      expect([await count("has_errors=true"), await count("has_errors=false")]).toEqual([0, 2]);
    },
  },
  {
    title: "AC-247 returns a run with its events",
    async request({ request }) {
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] });
      const { rows } = await request("GET /v1/workflow_recipient_runs");
      return `GET /v1/workflow_recipient_runs/${rows[0]?.id}`;
    },
    status: 200,
    expectedBody: {
      __typename: "WorkflowRecipientRun",
      events: expect.arrayContaining([expect.objectContaining({ __typename: "WorkflowRecipientRunEvent" })]),
    },
    check: (_api, { body }) => expect(body).not.toHaveProperty("steps"),
  },
  {
    title: "AC-248 reports an unknown bulk operation as missing",
    request: `GET /v1/bulk_operations/${UNKNOWN_ID}`,
    ...EXPECT_MISSING,
  },
  {
    title: "A-201 lists a declared static audience before its first member",
    given: declared,
    request: "GET /v1/audiences/beta/members",
    status: 200,
    expectedBody: { entries: [], page_info: { after: null } },
  },
  {
    title: "A-202 adds members to an audience that was not created",
    given: declared,
    request: "POST /v1/audiences/beta/members",
    body: { members: [{ user: "u1" }] },
    status: 204,
    check: async ({ request }) =>
      expect((await request("GET /v1/audiences/beta/members")).rows.map(({ user_id }) => user_id)).toEqual(["u1"]),
  },
  {
    title: "A-203 removes members that the audience does not have",
    given: declared,
    request: "DELETE /v1/audiences/beta/members",
    body: { members: [{ user: "u1" }] },
    status: 204,
  },
  {
    title: "AC-249 reports an unknown audience as missing",
    request: "POST /v1/audiences/vip/members",
    body: { members: [{ user: { id: "u1" } }] },
    ...EXPECT_MISSING,
    async check({ request }) {
      const body = { members: [{ user: { id: "u1" } }, { user: { id: "u3", name: "Three" } }] };
      expect((await request("POST /v1/audiences/vip/members?create_audience=true", body)).status).toBe(204);
      const { rows } = await request("GET /v1/audiences/vip/members");
      expect(rows).toMatchObject([{ __typename: "AudienceMember", user_id: "u3" }, { user_id: "u1" }]);
      expect((await request("DELETE /v1/audiences/vip/members", { members: [{ user: { id: "u3" } }] })).status).toBe(
        204,
      );
    },
  },
  { title: "AC-250 reports an unknown route as missing", request: "GET /v1/unknown", ...EXPECT_MISSING },
  { title: "Q-28 returns 404 instead of 405", request: "DELETE /v1/messages", ...EXPECT_MISSING },
  {
    title: "AC-251 returns 429 above a tier's rate if limits are enabled",
    setup: { rateLimits: true },
    request: "GET /v1/users/u1",
    status: 200,
    async check({ request }) {
      const calls = await Promise.all(
        Array.from({ length: 4 }, () => request("POST /v1/users/bulk/delete", { user_ids: ["x"] })),
      );
      const refused = calls.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]?.headers.get("retry-after")).toBe("1");
      expect(refused[0]?.body).toMatchObject({ status: 429, code: "rate_limited" });
    },
  },
  {
    title: "returns 501 with the reason for what is not supported locally, without a retry",
    request: "POST /v1/integrations/census/custom-destination",
    status: 501,
    expectedBody: { code: "not_supported", status: 501, type: "api_error", message: expect.stringContaining("hosted") },
    check: (_api, { headers }) => expect(headers.get("x-should-retry")).toBe("false"),
  },
  {
    title: "A-301 returns a disabled preference center",
    request: "GET /v1/users/u1/preference_center/config",
    status: 200,
    expectedBody: { enabled: false, user_email: "u1@lark.test" },
  },
  {
    title: "A-002 returns the OpenAPI document",
    request: "GET /v1/openapi",
    status: 200,
    expectedBody: { openapi: "3.1.0" },
  },
  {
    title: "A-264 to A-266 uses the channel data as Slack's connection",
    given: ({ harness }) => {
      const chat = harness.environment.channels.chatty;
      if (chat) chat.settings = { slack_channels: [{ id: "C1", name: "general" }] };
    },
    request:
      "GET /v1/providers/slack/c-chat/auth_check?access_token_object[object_id]=acme&access_token_object[collection]=$tenants",
    status: 200,
    expectedBody: { connection: { ok: false, reason: "Access token not set." } },
    async check({ request }) {
      const where = `c-chat/channels?access_token_object=${encodeURIComponent('{"object_id":"acme","collection":"$tenants"}')}`;
      expect((await request(`GET /v1/providers/slack/${where}`)).body).toMatchObject({
        code: "authorization",
        status: 403,
      });
      await request("PUT /v1/objects/$tenants/acme/channel_data/c-chat", {
        data: { token: { access_token: "x" }, connections: [] },
      });
      expect((await request(`GET /v1/providers/slack/${where}`)).body).toEqual({
        slack_channels: [{ id: "C1", name: "general", is_im: false, is_private: false, context_team_id: "" }],
        next_cursor: null,
      });
      const revoked = await request(`PUT /v1/providers/slack/${where.replace("/channels", "/revoke_access")}`);
      expect(revoked.body).toEqual({ ok: "ok" });
      expect((await request(`GET /v1/providers/slack/${where}`)).status).toBe(403);
    },
  },
];
