import { expect } from "vitest";
import { buildErrorBody, describeApiCases, EXPECT_MISSING, expectInvalidField } from "../../../../helpers/api-case.js";

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
    title: "A-901 rejects a service token as an API key",
    request: "GET /v1/users/u1",
    headers: SERVICE,
    status: 401,
    expectedBody: buildErrorBody("api_key_missing", 401),
  },
  ...(
    [
      ["PUT /v1/workflows/hello/validate?environment=development", "PUT /v1/workflows/{workflow_key}/validate"],
      ["PUT /v1/workflows/hello", "PUT /v1/workflows/{workflow_key}"],
      ["PUT /v1/commits/promote", "PUT /v1/commits/promote"],
      ["GET /v1/channels", "GET /v1/channels"],
      ["DELETE /v1/guides/tour", "DELETE /v1/guides/{guide_key}"],
    ] as const
  ).map(([request, name]) => ({
    title: `A-909 responds that ${name} is not emulated`,
    request,
    headers: SERVICE,
    status: 501,
    expectedBody: {
      code: "not_supported",
      message: `The management API is not emulated: ${name}`,
      status: 501,
      type: "api_error",
    },
  })),
  {
    title: "A-930 lists the workflows of the account",
    given: ({ account }) =>
      account.push(
        { environment: "development", branch: null },
        { type: "workflow", id: "hello", content: { name: "Hello", steps: [] } },
        { commit: false, message: null, allowEmpty: false, force: false },
      ),
    request: "GET /v1/workflows?environment=development",
    headers: SERVICE,
    status: 200,
    expectedBody: {
      entries: [{ key: "hello", name: "Hello", steps: [], active: false, valid: true, environment: "development" }],
      page_info: { after: null, before: null, page_size: 25 },
    },
  },
  {
    title: "A-909 reports such a path as unknown to an API key",
    request: "PUT /v1/workflows/hello/validate",
    ...EXPECT_MISSING,
  },
  {
    title: "A-901 does not describe such a path to an unlisted token",
    given: ({ harness }) => {
      harness.environment.access.keys = ["sk_dev"];
    },
    request: "PUT /v1/workflows/hello/validate",
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
    expectedBody: { account_name: "Local", service_token_name: "local" },
  },
]);
