import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Operations } from "../../src/ports/operations.js";
import type { ResourceOperations } from "../../src/ports/resource-operations.js";
import { openRemote } from "../../src/remote/open-remote.js";
import { type StubApi, type StubResponse, startStubApi } from "../helpers/stub-api.js";
import { NOT_FOUND } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const MISSING: StubResponse = { status: 404, json: NOT_FOUND };
const LIMITED: StubResponse = { status: 429, json: {} };

/** Responses that do not show whether the API has processed the request. */
const LOST: [string, StubResponse][] = [
  ["a closed connection", { drop: true }],
  ["a truncated body", { text: '{"id":"1"}', cutAfter: 4 }],
  ["HTTP 502", { status: 502, text: "Bad gateway" }],
];

describe("a request whose response is lost", () => {
  let api: StubApi;
  let remote: Operations;
  let resources: ResourceOperations;
  const body = { workflow: "hello", recipients: ["ada"] };
  const create = { method: "POST", path: "/v1/schedules", body };
  const merge = { method: "POST", path: "/v1/users/m1/merge", body: { from_user_id: "m2" } };
  const remove = { method: "DELETE", path: "/v1/users/zoe" };

  beforeEach(async () => {
    api = await startStubApi();
    const { sleep, now } = createFakeClock();
    remote = openRemote(buildClientOptions(api, { sleep, now }));
    resources = await remote.openResources();
  });
  afterEach(async () => {
    await remote.close();
    await api.finish();
  });

  it.each(LOST)("creates schedules once after %s, and reports that they may exist", async (_name, reply) => {
    api.expect({ ...create, reply });
    expect(await catchRejection(resources.schedules.create(body))).toMatchObject({
      attempts: 1,
      hint: expect.stringContaining("The API may have created the schedules. Run `knock schedules list`"),
    });
  });

  it("creates schedules again if the API refused the request", async () => {
    api.expect({ ...create, reply: LIMITED }, { ...create, reply: { json: [{ id: "s1" }] } });
    expect(await resources.schedules.create(body)).toEqual([{ id: "s1" }]);
  });

  it("creates schedules again if there was no connection", async () => {
    const closed = await startStubApi();
    await closed.finish();
    const unreachable = openRemote(buildClientOptions(closed, { sleep: async () => {} }));
    const { schedules } = await unreachable.openResources();
    expect(await catchRejection(schedules.create(body))).toMatchObject({
      attempts: 3,
      hint: expect.stringContaining("Check that a server is running there"),
    });
    await unreachable.close();
  });

  it.each(LOST)("has deleted a user that is missing afterward, with %s", async (_name, reply) => {
    api.expect({ ...remove, reply }, { ...remove, reply: MISSING });
    expect(await resources.users.delete("zoe")).toBe(true);
  });

  it.each(LOST)("has merged a user that is missing afterward, with %s", async (_name, reply) => {
    const user = { id: "m1", name: "Mia" };
    api.expect(
      { ...merge, reply },
      { ...merge, reply: MISSING },
      { method: "GET", path: "/v1/users/m1", reply: { json: user } },
    );
    expect(await resources.users.merge("m1", "m2")).toEqual(user);
  });

  it("has deleted schedules that are missing afterward", async () => {
    const schedules = { method: "DELETE", path: "/v1/schedules", body: { schedule_ids: ["s1"] } };
    api.expect({ ...schedules, reply: { drop: true } }, { ...schedules, reply: MISSING });
    expect(await resources.schedules.delete(schedules.body)).toEqual([]);
  });

  it("is not assumed after a refusal", async () => {
    api.expect({ ...remove, reply: LIMITED }, { ...remove, reply: MISSING });
    expect(await resources.users.delete("zoe")).toBe(false);
    api.expect({ ...merge, reply: LIMITED }, { ...merge, reply: MISSING });
    expect(await resources.users.merge("m1", "m2")).toBeNull();
  });
});
