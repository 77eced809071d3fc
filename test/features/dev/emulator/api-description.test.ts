import { describe, expect, it } from "vitest";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import {
  listDescribedOperations,
  listResponseViolations,
  listSchemaViolations,
} from "../../../helpers/api-description.js";
import { withApi } from "../../../helpers/test-emulator.js";

const AT = "2025-06-04T10:00:00.000Z";
const USER = { __typename: "User", id: "u1", updated_at: AT };
const ERROR = { code: "invalid_params", message: "no", status: 422, type: "invalid_request_error" };
const API = new URL("http://127.0.0.1/v1/users/u1");

// Every response in the tests of this folder is checked against the description: see test/helpers/test-emulator.ts.
describe("the API description in docs/internals/catalog (A-400)", () => {
  it("contains every operation of the API, and every schema of a response", () => {
    const described = listDescribedOperations();
    const emulated = ROUTES.filter(({ requiresServiceToken }) => !requiresServiceToken).map(({ rule }) => rule);
    expect(described.map(({ rule }) => rule)).toEqual(expect.arrayContaining(emulated));
    for (const { schema } of described) if (schema !== null) listSchemaViolations(schema, null);
    expect(described.filter(({ schema }) => schema !== null).length).toBeGreaterThan(90);
  });

  it.each<[string, unknown, string[]]>([
    ["User", USER, []],
    ["User", { ...USER, email: null, plan: { tier: 1 } }, []],
    ["User", { ...USER, email: 5 }, ["User.email: expected string, found 5"]],
    ["User", { ...USER, id: null }, ["User.id: expected string, found null"]],
    ["User", { __typename: "User", id: "u1" }, ["User.updated_at: is required"]],
    ["User", { ...USER, updated_at: "2025-06-04" }, ['User.updated_at: expected ts, found "2025-06-04"']],
    ["[User]", [USER, []], ["[User][1]: expected a map, found []"]],
    ["Recipient", { ...USER, collection: "projects" }, []],
    ["BulkOperation", null, ["BulkOperation: expected a map, found null"]],
    ["PreferenceSet", { id: "default", workflows: { a: { conditions: [] }, b: true } }, []],
    [
      "PreferenceSet",
      { workflows: { a: 1 } },
      ["PreferenceSet.workflows.a: expected boolean, found 1", "PreferenceSet.id: is required"],
    ],
    ["SuccessResponse", { ok: true }, ["SuccessResponse.ok: expected string, found true"]],
  ])("explains why %s rejects: %j", (schema, value, faults) => {
    expect(listSchemaViolations(schema, value).toSorted()).toEqual(faults.toSorted());
  });

  it.each<[string, number, unknown, string[]]>([
    ["its own schema", 200, { ...USER, email: 5 }, ["User.email: expected string, found 5"]],
    ["the schema of an error", 404, { ...ERROR, status: 404, code: "resource_missing" }, []],
    ["the status of an error", 404, ERROR, ["404.status: expected 404, found 422"]],
    ["the type of an error", 401, { ...ERROR, status: 401, type: null }, ["401.type: expected string, found null"]],
    ["the error list of a validation error", 422, ERROR, ["422.errors: is required"]],
    [
      "the field of an error",
      422,
      { ...ERROR, errors: [{ message: "no", type: null }] },
      ["422.errors[0].field: is required"],
    ],
  ])("locates where a response breaks %s (%i)", (_what, status, body, faults) => {
    expect(listResponseViolations("GET", API, status, body)).toEqual(faults);
  });

  it("A-532 guides have no dashboard, and an interval only if one is declared", () =>
    withApi(async ({ request, harness }) => {
      harness.environment.guide_group.display_interval = null;
      const none = await request("GET /v1/users/u1/guides/2f641633-95d3-4555-9222-9f1eb7888a80");
      expect(none.body?.guide_groups).toEqual([expect.not.objectContaining({ display_interval: null })]);
      harness.environment.guide_group.display_interval = 60;
      const some = await request("GET /v1/users/u1/guides/2f641633-95d3-4555-9222-9f1eb7888a80");
      expect(some.body?.guide_groups).toEqual([expect.objectContaining({ display_interval: 60 })]);
    }));

  it("A-020 the rejection of a request that is not JSON has the same shape", () =>
    withApi(async ({ request }) => {
      for (const [on, body] of [
        ["PUT /v1/users/u1", "[]"],
        ["PUT /v1/users/u1", "{"],
        ["POST /v1/workflows/hello/trigger", { recipients: [] }],
        ["POST /v1/workflows/strict/trigger", { recipients: ["u1"], data: { name: 5 } }],
        ["POST /v1/workflows/off/trigger", { recipients: ["u1"] }],
        ["GET /v1/users?page_size=0", undefined],
        ["GET /v1/nowhere", undefined],
      ] as const)
        expect((await request(on, body)).body).toMatchObject({ code: expect.any(String), type: expect.any(String) });
    }));

  it("A-424 A-429 a tenant's preference set always has its id, in every format of the request", () =>
    withApi(async ({ request, knock }) => {
      const settings = { preference_set: { channel_types: { sms: false } } };
      const set = { id: "default", channel_types: { sms: false } };
      const put = await request("PUT /v1/tenants/acme", { settings });
      expect(put.body).toMatchObject({ settings: { preference_set: set } });
      expect(await knock.tenants.get("acme")).toMatchObject({ settings: { preference_set: set } });
      expect((await knock.tenants.list()).entries).toMatchObject([{ settings: { preference_set: set } }]);
      expect(await knock.objects.get("$tenants", "acme")).toMatchObject({
        properties: { settings: { preference_set: set } },
      });
      const resolved = await request("GET /v1/tenants/acme?resolve_full_preference_settings=true");
      expect(resolved.body).toMatchObject({ settings: { preference_set: set } });
      await request("POST /__knock/seed", { tenants: [{ id: "seeded", settings: { preference_set: {} } }] });
      expect(await knock.tenants.get("seeded")).toMatchObject({ settings: { preference_set: { id: "default" } } });
      await request("PUT /v1/tenants/acme", { settings: { preference_set: null } });
      expect(await knock.tenants.get("acme")).toMatchObject({ settings: { preference_set: null } });
    }));
});
