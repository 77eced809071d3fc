import { expect } from "vitest";
import { type ApiCase, buildErrorBody, expectInvalidField } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const SET = "/v1/users/u1/preferences/default";
const put = (body: unknown) => (api: TestEmulator) => api.request(`PUT ${SET}`, body);
const EMAIL_OFF = { channel_types: { email: false } };

export const PREFERENCE_CASES: ApiCase[] = [
  {
    title: "AC-150 returns an empty set if none was stored",
    request: `GET ${SET}`,
    status: 200,
    expectedBody: { id: "default", workflows: null, categories: null, channel_types: null },
  },
  {
    title: "Q-26 returns an empty set for an unknown user",
    request: "GET /v1/users/ghost/preferences/default",
    status: 200,
    expectedBody: { id: "default" },
  },
  { title: "AC-151 stores a set", request: `PUT ${SET}`, body: EMAIL_OFF, status: 200, expectedBody: EMAIL_OFF },
  {
    title: "AC-152 replaces a set",
    given: put(EMAIL_OFF),
    request: `PUT ${SET}`,
    body: { workflows: { hello: true } },
    status: 200,
    expectedBody: { channel_types: null, workflows: { hello: true } },
  },
  {
    title: "AC-153 merges a set",
    given: put(EMAIL_OFF),
    request: `PUT ${SET}`,
    body: { __persistence_strategy__: "merge", channel_types: { sms: false } },
    status: 200,
    expectedBody: { channel_types: { email: false, sms: false } },
  },
  {
    title: "AC-154 stores inline preferences of an identification",
    given: put(EMAIL_OFF),
    request: "PUT /v1/users/u1",
    body: { preferences: { default: { categories: { ads: false } } } },
    status: 200,
    check: async ({ request }) =>
      expect((await request(`GET ${SET}`)).body).toMatchObject({ ...EMAIL_OFF, categories: { ads: false } }),
  },
  {
    title: "AC-155 stores conditions",
    request: `PUT ${SET}`,
    body: {
      workflows: { hello: { conditions: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] } },
    },
    status: 200,
    expectedBody: { workflows: { hello: { conditions: [{ argument: "pro" }] } } },
  },
  {
    title: "AC-156 rejects an unknown channel type",
    request: `PUT ${SET}`,
    body: { channel_types: { pigeon: true } },
    ...expectInvalidField("channel_types.pigeon"),
  },
  {
    title: "AC-157 rejects an invalid value",
    request: `PUT ${SET}`,
    body: { channel_types: { email: "no" } },
    ...expectInvalidField("channel_types.email"),
  },
  {
    title: "AC-158 rejects an unknown operator",
    request: `PUT ${SET}`,
    body: { channel_types: { email: { conditions: [{ variable: "recipient.a", operator: "like", argument: "b" }] } } },
    ...expectInvalidField("channel_types.email.conditions[0].operator"),
  },
  {
    title: "AC-159 lists all sets as a bare list",
    request: "GET /v1/users/u1/preferences",
    status: 200,
    check: (_api, { body, rows }) => {
      expect(Array.isArray(body)).toBe(true);
      expect(rows).toMatchObject([{ id: "default" }]);
    },
  },
  {
    title: "AC-160 returns a tenant's defaults, and on request merged under the default set (A-304)",
    given: ({ request }) =>
      request("PUT /v1/tenants/acme", { settings: { preference_set: { channel_types: { sms: false } } } }),
    request: "GET /v1/users/u1/preferences/acme",
    status: 200,
    expectedBody: { id: "acme", channel_types: { sms: false } },
    check: async ({ request }) =>
      expect((await request(`GET ${SET}?tenant=acme`)).body).toMatchObject({
        id: "default",
        channel_types: { sms: false },
      }),
  },
  { title: "AC-161 deletes a set, also one that does not exist", request: `DELETE ${SET}`, status: 204 },
  {
    title: "AC-162 accepts an old client's path",
    given: put({ channel_types: { sms: false } }),
    request: `PUT ${SET}/channel_types/email`,
    body: { subscribed: false },
    status: 200,
    expectedBody: { channel_types: { email: false, sms: false } },
  },
  {
    title: "A-307 accepts an old client's section",
    request: `PUT ${SET}/categories`,
    body: { ads: false },
    status: 200,
    expectedBody: { categories: { ads: false } },
  },
  {
    title: "A-249 stores a set for an object, which is created",
    request: "PUT /v1/objects/projects/new/preferences/default",
    body: EMAIL_OFF,
    status: 200,
    expectedBody: EMAIL_OFF,
    check: async ({ request }) => expect((await request("GET /v1/objects/projects/new")).status).toBe(200),
  },
  {
    title: "AC-163 replaces sets in bulk",
    given: put({ channel_types: { sms: false } }),
    request: "POST /v1/users/bulk/preferences",
    body: { user_ids: ["u1"], preferences: EMAIL_OFF },
    status: 200,
    expectedBody: { name: "users.bulk.set_preferences" },
    async check(api, { body }) {
      for (let state: unknown = "queued"; state !== "completed"; )
        state = (await api.request(`GET /v1/bulk_operations/${body?.id}`)).body?.status;
      expect((await api.request(`GET ${SET}`)).body?.channel_types).toEqual({ email: false });
    },
  },
  {
    title: "AC-163 rejects an invalid set of a bulk request at once",
    request: "POST /v1/users/bulk/preferences",
    body: { user_ids: ["u1"], preferences: { channel_types: { pigeon: true } } },
    status: 422,
    expectedBody: buildErrorBody("invalid_params", 422),
  },
  {
    title: "AC-164 applies a stored set to the next trigger",
    given: put(EMAIL_OFF),
    request: "POST /v1/workflows/hello/trigger",
    body: { recipients: ["u1"] },
    status: 200,
    check: async ({ harness }) =>
      expect((await harness.listMessages("u1")).map(({ channel }) => channel.type)).toEqual(["in_app_feed"]),
  },
];
