import { expect } from "vitest";
import type { JsonObject } from "../../../../../src/util/json.js";
import { type ApiCase, buildErrorBody, EXPECT_MISSING, expectInvalidField } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const put = (path: string, body: unknown) => (api: TestEmulator) => api.request(`PUT ${path}`, body);
const QUEUED = { __typename: "BulkOperation", status: "queued", processed_rows: 0, completed_at: null };

function pageInfo(body: JsonObject | null): { after: string | null } {
  return body?.page_info as { after: string | null };
}

/** Polls a bulk operation until it has ended. */
async function ended({ request, url }: TestEmulator, answered: JsonObject | null): Promise<JsonObject> {
  expect(answered?.progress_path).toBe(`${url}/v1/bulk_operations/${answered?.id}`);
  for (;;) {
    const { body } = await request(`GET /v1/bulk_operations/${answered?.id}`);
    if (body?.status === "completed" || body?.status === "failed") return body;
  }
}

const done =
  (expected: object, more?: (api: TestEmulator) => unknown): ApiCase["check"] =>
  async (api, { body }) => {
    expect(await ended(api, body)).toMatchObject({ status: "completed", completed_at: ISO, ...expected });
    await more?.(api);
  };

export const RECIPIENT_CASES: ApiCase[] = [
  {
    title: "AC-100 returns a user with all fields",
    request: "PUT /v1/users/u5",
    body: { name: "E", plan: { tier: "a" } },
    status: 200,
    check: (_api, { body }) =>
      expect(body).toEqual({
        __typename: "User",
        id: "u5",
        name: "E",
        email: null,
        avatar: null,
        phone_number: null,
        timezone: null,
        plan: { tier: "a" },
        created_at: null,
        updated_at: ISO,
      }),
  },
  {
    title: "AC-101 merges properties deeply",
    given: put("/v1/users/u5", { plan: { tier: "a" } }),
    request: "PUT /v1/users/u5",
    body: { plan: { seats: 3 } },
    status: 200,
    expectedBody: { plan: { tier: "a", seats: 3 } },
  },
  {
    title: "AC-102 stores null as a value",
    request: "PUT /v1/users/u1",
    body: { name: null },
    status: 200,
    expectedBody: { name: null },
  },
  {
    title: "AC-103 rejects 300 kB of properties",
    request: "PUT /v1/users/u1",
    body: { text: "x".repeat(300_000) },
    ...expectInvalidField(""),
  },
  { title: "AC-104 rejects an id with a slash", request: "PUT /v1/users/a%2Fb", body: {}, ...expectInvalidField("id") },
  {
    title: "A-063 decodes an encoded id",
    request: "PUT /v1/users/a%20b%25",
    body: {},
    status: 200,
    expectedBody: { id: "a b%" },
  },
  { title: "AC-105 reports an unknown user as missing", request: "GET /v1/users/ghost", ...EXPECT_MISSING },
  {
    title: "AC-106 deletes a user, who is missing afterwards",
    request: "DELETE /v1/users/u1",
    status: 204,
    async check({ request }) {
      expect((await request("GET /v1/users/u1")).status).toBe(404);
      expect((await request("DELETE /v1/users/u1")).status).toBe(404);
    },
  },
  {
    title: "AC-107, AC-108 lists pages to the end",
    request: "GET /v1/users?page_size=1",
    status: 200,
    expectedBody: { page_info: { __typename: "PageInfo", after: expect.any(String), before: null, page_size: 1 } },
    async check({ request }, { rows, body }) {
      const ids = rows.map(({ id }) => id);
      let after = pageInfo(body).after;
      while (after !== null) {
        const next = await request(`GET /v1/users?page_size=3&after=${after}`);
        ids.push(...next.rows.map(({ id }) => id));
        after = pageInfo(next.body).after;
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining(["u1", "u2"]));
    },
  },
  {
    title: "AC-109 rejects a page size that is too large",
    request: "GET /v1/users?page_size=51",
    ...expectInvalidField("page_size"),
  },
  {
    title: "Q-8 rejects a page size of zero",
    request: "GET /v1/users?page_size=0",
    ...expectInvalidField("page_size"),
  },
  {
    title: "AC-110 rejects an invalid cursor",
    request: "GET /v1/users?after=%25%25%25",
    ...expectInvalidField("after"),
  },
  {
    title: "A-278 includes preferences on request",
    given: put("/v1/users/u1/preferences/default", { channel_types: { sms: false } }),
    request: "GET /v1/users?include[]=preferences",
    status: 200,
    expectedBody: {
      entries: expect.arrayContaining([
        expect.objectContaining({
          id: "u1",
          preferences: { default: expect.objectContaining({ channel_types: { sms: false } }) },
        }),
      ]),
    },
  },
  {
    title: "AC-111 returns an object's properties separately",
    request: "PUT /v1/objects/projects/p2",
    body: { name: "P", color: "red" },
    status: 200,
    expectedBody: { __typename: "Object", id: "p2", collection: "projects", properties: { name: "P", color: "red" } },
    async check({ request }) {
      expect((await request("GET /v1/objects/projects?page_size=1")).rows.map(({ id }) => id)).toEqual(["p2"]);
      expect((await request("DELETE /v1/objects/projects/p2")).status).toBe(204);
      expect((await request("GET /v1/objects/projects/p2")).status).toBe(404);
    },
  },
  {
    title: "AC-112 merges a tenant's branding",
    given: put("/v1/tenants/acme", { settings: { branding: { logo_url: "https://x.test/l.png" } } }),
    request: "PUT /v1/tenants/acme",
    body: { settings: { branding: { primary_color: "#112233" } } },
    status: 200,
    expectedBody: {
      __typename: "Tenant",
      name: "Acme",
      settings: { branding: { primary_color: "#112233", logo_url: "https://x.test/l.png" } },
    },
  },
  {
    title: "A-275 merges a tenant's preferences over the environment's",
    given: async ({ request, harness }) => {
      harness.environment.preferences = { channel_types: { sms: false } };
      await request("PUT /v1/tenants/acme", { settings: { preference_set: { channel_types: { push: false } } } });
    },
    request: "GET /v1/tenants/acme?resolve_full_preference_settings=true",
    status: 200,
    expectedBody: { settings: { preference_set: { channel_types: { sms: false, push: false } } } },
  },
  {
    title: "AC-113 returns a tenant as an object",
    request: "GET /v1/objects/$tenants/acme",
    status: 200,
    expectedBody: { __typename: "Object", collection: "$tenants" },
  },
  {
    title: "AC-114 merges users with their messages",
    async given({ request }) {
      await request("PUT /v1/users/u2", { plan: "pro", name: "Other" });
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u2"] });
    },
    request: "POST /v1/users/u1/merge",
    body: { from_user_id: "u2" },
    status: 200,
    expectedBody: { id: "u1", name: "Una", plan: "pro" },
    async check({ request }) {
      expect((await request("GET /v1/users/u2")).status).toBe(404);
      expect((await request("GET /v1/users/u1/messages")).rows).toHaveLength(2);
      expect((await request("GET /v1/users/u1/subscriptions")).rows).toHaveLength(1);
    },
  },
  {
    title: "A-299 requires the user to merge",
    request: "POST /v1/users/u1/merge",
    body: {},
    ...expectInvalidField("from_user_id"),
  },
  {
    title: "A-299 reports an unknown user to merge as missing",
    request: "POST /v1/users/u1/merge",
    body: { from_user_id: "ghost" },
    ...EXPECT_MISSING,
  },
  {
    title: "AC-115 identifies users in bulk, with progress",
    request: "POST /v1/users/bulk/identify",
    body: {
      users: [
        { id: "b1", name: "B" },
        { id: "b2", id_hash: 1 },
      ],
    },
    status: 200,
    expectedBody: { ...QUEUED, name: "users.bulk.identify", estimated_total_rows: 2 },
    check: done({ success_count: 2, error_count: 0, processed_rows: 2 }, async ({ knock }) => {
      expect(await knock.users.get("b1")).toMatchObject({ name: "B" });
    }),
  },
  {
    title: "A-108 counts and names failed rows",
    request: "POST /v1/users/bulk/identify",
    body: { users: [{ id: "b1", preferences: { default: { channel_types: { pigeon: true } } } }, { id: "b2" }] },
    status: 200,
    check: done({ success_count: 1, error_count: 1, error_items: [{ id: "b1", collection: null }] }),
  },
  {
    title: "AC-116 rejects 1001 users",
    request: "POST /v1/users/bulk/identify",
    body: { users: Array.from({ length: 1_001 }, (_, index) => ({ id: `b${index}` })) },
    ...expectInvalidField("users"),
  },
  {
    title: "A-279 deletes users in bulk",
    request: "POST /v1/users/bulk/delete",
    body: { user_ids: ["u1", "ghost"] },
    status: 200,
    check: done({ success_count: 1, error_count: 1, error_items: [{ id: "ghost", collection: null }] }),
  },
  {
    title: "AC-117 deletes tenants in bulk by ids in the query",
    request: "POST /v1/tenants/bulk/delete?tenant_ids[]=acme",
    status: 200,
    check: done({ success_count: 1 }, async ({ request }) =>
      expect((await request("GET /v1/tenants/acme")).status).toBe(404),
    ),
  },
  {
    title: "A-274 sets tenants in bulk, by id or body",
    request: "POST /v1/tenants/bulk/set",
    body: { tenants: ["t1", { id: "t2", name: "T" }] },
    status: 200,
    check: done({ success_count: 2 }, async ({ request }) => {
      expect((await request("GET /v1/tenants?name=T")).rows.map(({ id }) => id)).toEqual(["t2"]);
    }),
  },
  {
    title: "A-236, A-235 sets and deletes objects in bulk",
    request: "POST /v1/objects/projects/bulk/set",
    body: { objects: [{ id: "p8" }, { id: "p9", name: "N" }] },
    status: 200,
    check: done({ success_count: 2 }, async (api) => {
      const { body } = await api.request("POST /v1/objects/projects/bulk/delete", { object_ids: ["p8", "p9"] });
      expect(await ended(api, body)).toMatchObject({ success_count: 2 });
    }),
  },
  {
    title: "A-237, A-238 adds and deletes subscriptions in bulk",
    request: "POST /v1/objects/projects/bulk/subscriptions/add",
    body: { subscriptions: [{ id: "p1", recipients: ["u7", { id: "u8", name: "Eight" }] }] },
    status: 200,
    check: done({ success_count: 1 }, async (api) => {
      expect((await api.request("GET /v1/objects/projects/p1/subscriptions")).rows).toHaveLength(4);
      const { body } = await api.request("POST /v1/objects/projects/bulk/subscriptions/delete", {
        subscriptions: [{ id: "p1", recipients: ["u7"] }],
      });
      await ended(api, body);
      expect((await api.request("GET /v1/objects/projects/p1/subscriptions")).rows).toHaveLength(3);
    }),
  },
  {
    title: "AC-118 returns a subscription with both sides expanded",
    request: "POST /v1/objects/projects/p1/subscriptions",
    body: { recipients: ["u7"], properties: { role: "x" } },
    status: 200,
    check: (_api, { rows }) =>
      expect(rows).toMatchObject([
        {
          __typename: "Subscription",
          object: { __typename: "Object", id: "p1" },
          recipient: { __typename: "User", id: "u7" },
          properties: { role: "x" },
        },
      ]),
  },
  {
    title: "AC-119 rejects 101 recipients",
    request: "POST /v1/objects/projects/p1/subscriptions",
    body: { recipients: Array.from({ length: 101 }, (_, index) => `s${index}`) },
    ...expectInvalidField("recipients"),
  },
  {
    title: "AC-120 reads the body of a DELETE request",
    request: "DELETE /v1/objects/projects/p1/subscriptions",
    body: { recipients: ["u1", "u7"] },
    status: 200,
    check: (_api, { rows }) => expect(rows).toMatchObject([{ recipient: { id: "u1" } }]),
  },
  {
    title: "A-257 filters an object's subscriptions by recipient, and lists what an object subscribes to",
    request: "GET /v1/objects/projects/p1/subscriptions?recipients[]=u2",
    status: 200,
    async check({ request }, { rows }) {
      expect(rows).toMatchObject([{ recipient: { id: "u2" } }]);
      expect((await request("GET /v1/objects/projects/p1/subscriptions?mode=recipient")).rows).toEqual([]);
      const objects = "objects[0][id]=p1&objects[0][collection]=projects";
      expect((await request(`GET /v1/users/u1/subscriptions?${objects}`)).rows).toHaveLength(1);
      expect((await request("GET /v1/users/u1/subscriptions?objects[0][id]=p9&objects[0][collection]=x")).rows).toEqual(
        [],
      );
    },
  },
];

const PUSH = "/v1/users/u1/channel_data/ios";

export const CHANNEL_DATA_CASES: ApiCase[] = [
  {
    title: "AC-130 returns push data in one format",
    request: `PUT ${PUSH}`,
    body: { data: { tokens: ["t1"] } },
    status: 200,
    expectedBody: {
      __typename: "ChannelData",
      channel_id: "c-ios",
      data: { tokens: ["t1"], devices: [{ token: "t1", locale: null, timezone: null }] },
    },
  },
  {
    title: "AC-131 replaces channel data completely",
    given: put(PUSH, { data: { tokens: ["t1"] } }),
    request: `PUT ${PUSH}`,
    body: { data: { devices: [{ token: "t2", locale: "fr" }] } },
    status: 200,
    expectedBody: { data: { tokens: ["t2"] } },
  },
  { title: "AC-132 reports channel data that was never set as missing", request: `GET ${PUSH}`, ...EXPECT_MISSING },
  {
    title: "AC-133 deletes channel data",
    given: put(PUSH, { data: { tokens: ["t1"] } }),
    request: `DELETE ${PUSH}`,
    status: 204,
    check: async ({ request }) => expect((await request(`GET ${PUSH}`)).status).toBe(404),
  },
  {
    title: "AC-134 creates an unknown user",
    request: "PUT /v1/users/new/channel_data/ios",
    body: { data: { tokens: ["t"] } },
    status: 200,
    check: async ({ request }) => expect((await request("GET /v1/users/new")).status).toBe(200),
  },
  {
    title: "AC-135 rejects an unknown channel",
    request: "PUT /v1/users/u1/channel_data/6f1f0f3e-0000-4000-8000-000000000001",
    body: { data: { tokens: ["t"] } },
    status: 422,
    expectedBody: buildErrorBody("channel_invalid", 422),
  },
  {
    title: "AC-136 rejects data of another type of channel",
    request: `PUT ${PUSH}`,
    body: { data: { foo: 1 } },
    ...expectInvalidField("data"),
  },
  { title: "AC-137 rejects a body without data", request: `PUT ${PUSH}`, body: {}, ...expectInvalidField("data") },
];
