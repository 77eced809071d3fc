import { expect } from "vitest";
import { buildErrorBody, describeApiCases, expectInvalidField } from "../../../../helpers/api-case.js";

const SERVICE = { authorization: "Bearer knock_st_x" };
const RUN = "PUT /v1/workflows/hello/run?environment=development";

describeApiCases("the management API (http-api, section 7)", [
  {
    title: "AC-252 starts a test run, which is distinguished from a trigger",
    request: RUN,
    body: { recipients: ["u1"] },
    headers: SERVICE,
    status: 200,
    async check({ request, harness }, { body }) {
      const { rows } = await request("GET /v1/workflow_recipient_runs");
      expect(rows).toMatchObject([{ workflow_run_id: body?.workflow_run_id, trigger_source: { type: "rehearsal" } }]);
      expect(await harness.listMessages("u1")).toHaveLength(2);
    },
  },
  {
    title: "A-903 accepts settings, data, actor, tenant and cancellation key",
    request: "PUT /v1/workflows/paused/run",
    body: {
      recipients: [{ id: "new", name: "New", email: "new@lark.test" }],
      actor: "u2",
      tenant: "acme",
      data: { n: 1 },
      settings: { sandbox_mode: true, skip_delay: true },
      cancellation_key: "k",
    },
    headers: SERVICE,
    status: 200,
    async check({ harness }) {
      expect(await harness.listMessages("new")).toMatchObject([
        { status: "not_sent", tenant: "acme", actor: "$users/u2" },
      ]);
    },
  },
  {
    title: "AC-253 rejects an environment's key as a service token",
    request: RUN,
    body: { recipients: ["u1"] },
    headers: { authorization: "Bearer sk_dev" },
    status: 401,
    expectedBody: buildErrorBody("bearer_token_invalid", 401),
  },
  {
    title: "A-901 rejects a request without a token",
    request: RUN,
    headers: { authorization: "" },
    status: 401,
    expectedBody: buildErrorBody("authentication_required", 401),
  },
  {
    title: "A-909 rejects an environment's key on every path of the management API",
    request: "GET /v1/goals",
    status: 401,
    expectedBody: buildErrorBody("bearer_token_invalid", 401),
  },
  {
    title: "A-901 rejects a token that is not listed if keys are listed",
    given: ({ harness }) => {
      harness.environment.access.keys = ["sk_dev", "knock_st_y"];
    },
    request: RUN,
    headers: SERVICE,
    status: 401,
    expectedBody: buildErrorBody("bearer_token_invalid", 401),
  },
  {
    title: "A-901 rejects a token that is no longer listed, and says that it was revoked",
    given: async ({ harness, request }) => {
      harness.environment.access.keys = ["knock_st_x"];
      expect((await request("GET /v1/whoami", undefined, SERVICE)).status).toBe(200);
      harness.environment.access.keys = ["knock_st_y"];
    },
    request: "GET /v1/whoami",
    headers: SERVICE,
    status: 401,
    expectedBody: buildErrorBody("api_key_expired", 401),
  },
  {
    title: "A-901 rejects a service token as an API key",
    request: "GET /v1/users/u1",
    headers: SERVICE,
    status: 401,
    expectedBody: buildErrorBody("api_key_missing", 401),
  },
  {
    title: "A-901 says that an unknown path is not one of the management API, not that its token is no key",
    request: "GET /v1/workflow",
    headers: SERVICE,
    status: 401,
    expectedBody: expect.objectContaining({ message: expect.stringContaining("only valid for the management API") }),
  },
  ...(
    [
      ["GET /v1/goals", /analytics/],
      ["PUT /v1/preference_center", /environment\.json/],
      ["POST /v1/sources/billing/rehearse", /knock sources/],
    ] as const
  ).map(([request, reason]) => ({
    title: `A-909 responds to ${request} with the reason why it is not emulated`,
    request,
    headers: SERVICE,
    status: 501,
    expectedBody: { code: "not_supported", message: expect.stringMatching(reason), status: 501, type: "api_error" },
  })),
  {
    title: "A-901 does not describe such a path to an unlisted token",
    given: ({ harness }) => {
      harness.environment.access.keys = ["sk_dev"];
    },
    request: "GET /v1/goals",
    headers: SERVICE,
    status: 401,
    expectedBody: buildErrorBody("bearer_token_invalid", 401),
  },
  {
    title: "A-905 rejects more than five recipients",
    request: RUN,
    body: { recipients: ["a", "b", "c", "d", "e", "f"] },
    headers: SERVICE,
    ...expectInvalidField("recipients"),
  },
  {
    title: "A-908 reports an unknown workflow as missing",
    request: "PUT /v1/workflows/hallo/run",
    body: { recipients: ["u1"] },
    headers: SERVICE,
    status: 404,
    expectedBody: buildErrorBody("workflow_missing", 404),
  },
  {
    title: "A-906 exchanges a service token for a key",
    request: "POST /v1/api_keys/exchange?environment=development",
    headers: SERVICE,
    status: 200,
    expectedBody: { api_key: "sk_local" },
  },
  {
    title: "A-906 returns a listed key",
    given: ({ harness }) => {
      harness.environment.access.keys = ["pk_one", "sk_one", "knock_st_x"];
    },
    request: "POST /v1/api_keys/exchange",
    headers: SERVICE,
    status: 200,
    expectedBody: { api_key: "sk_one" },
  },
  {
    title: "A-906 reports a missing key if no secret key is listed",
    given: ({ harness }) => {
      harness.environment.access.keys = ["knock_st_x"];
    },
    request: "POST /v1/api_keys/exchange",
    headers: SERVICE,
    status: 404,
    expectedBody: buildErrorBody("resource_missing", 404),
  },
  {
    title: "CLI-167 returns the owner of the token",
    request: "GET /v1/whoami",
    headers: SERVICE,
    status: 200,
    expectedBody: { type: "service_token", account_name: "Local", service_token_name: "local" },
  },
]);
