import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { getExitCode } from "../../src/errors/knock-error.js";
import type { Operations } from "../../src/ports/operations.js";
import type { ResourceOperations } from "../../src/ports/resource-operations.js";
import { openRemote } from "../../src/remote/open-remote.js";
import type { JsonObject } from "../../src/util/json.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { get, NOT_FOUND } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const USER = { id: "ada", name: "Ada" };
const PAGE = { limit: 10 };

describe("resources of the remote target", () => {
  let api: StubApi;
  let time: ReturnType<typeof createFakeClock>;
  let remote: Operations;
  let resources: ResourceOperations;

  beforeEach(async () => {
    api = await startStubApi();
    time = createFakeClock();
    remote = openRemote(buildClientOptions(api, { sleep: time.sleep, now: time.now }));
    resources = await remote.openResources();
  });
  afterEach(async () => {
    await remote.close();
    await api.finish();
  });

  it("A-070 A-073 pass cursors on, and read as many pages as the limit needs", async () => {
    const users = Array.from({ length: 60 }, (_, index) => ({ id: `u${index}` }));
    const listed = (entries: JsonObject[], after: string, before: string) => ({
      entries,
      page_info: { after, before },
    });
    api.expect(
      get("/v1/users?page_size=50&after=c1", listed(users.slice(0, 50), "c2", "c0")),
      get("/v1/users?page_size=10&after=c2", listed(users.slice(50), "c3", "c1")),
      get("/v1/users?page_size=10&before=c9", listed(users.slice(0, 10), "c9", "c8")),
    );
    const forward = await resources.users.list({}, { limit: 60, after: "c1" });
    expect(forward.items).toEqual(users);
    expect(forward.page_info).toEqual({ after: "c3", before: "c0", page_size: 60 });
    expect((await resources.users.list({}, { limit: 10, before: "c9" })).page_info).toMatchObject({ before: "c8" });
  });

  it("cannot search users, because the API has no filter for them", async () => {
    for (const filter of [{ email: "ada" }, { name: "Ada" }])
      await expect(resources.users.list(filter, { limit: 1 })).rejects.toMatchObject({
        code: "not_supported",
        message: "the API cannot search users by email address or name",
      });
  });

  it("A-040 retry a failed write, because writing again changes nothing", async () => {
    const put = { method: "PUT", path: "/v1/users/ada", body: { name: "Ada" } };
    api.expect(
      { ...put, reply: { status: 503 } },
      { ...put, reply: { drop: true } },
      { ...put, reply: { json: USER } },
    );
    expect(await resources.users.set("ada", { name: "Ada" })).toEqual(USER);
    expect(time.slept).toEqual([500, 1_000]);
  });

  it.each([
    ["409", { status: 409, json: { code: "conflict", message: "Busy" } }, "conflict", 6, 3],
    ["429", { status: 429, headers: { "retry-after": "1" } }, "rate_limited", 8, 3],
    ["500", { status: 500 }, "remote_failed", 7, 3],
    ["401", { status: 401, json: { code: "authentication_required", message: "No" } }, "authentication", 4, 1],
    ["403", { status: 403, json: { code: "authorization", message: "No" } }, "not_allowed", 4, 1],
    ["413", { status: 413, json: { code: "invalid_params", message: "Large" } }, "payload_too_large", 2, 1],
    ["a redirect", { status: 302, headers: { location: "/login" } }, "remote_failed", 7, 1],
    ["a web page with 404", { status: 404, text: "<html>" }, "remote_failed", 7, 1],
    ["a web page with 200", { text: "<html>" }, "remote_failed", 7, 1],
    ["a list", { json: [USER] }, "remote_failed", 7, 1],
    ["a body without an ID", { json: {} }, "remote_failed", 7, 1],
  ] as const)("report %s", async (_name, reply, code, exit, attempts) => {
    for (let attempt = 1; attempt <= attempts; attempt++) api.expect({ method: "GET", path: "/v1/users/ada", reply });
    const error = await catchRejection(resources.users.read("ada"));
    expect(error).toMatchObject({ code });
    expect(getExitCode(error)).toBe(exit);
  });

  it("A-023 report every invalid value of a body with its pointer", async () => {
    const errors = [
      { field: "settings.branding.primary_color", message: "is not a color", type: null },
      { field: "name", message: "is too long", type: null },
    ];
    const body = { name: "x" };
    const json = { code: "invalid_params", message: "Two fields are invalid", status: 422, errors };
    api.expect({ method: "PUT", path: "/v1/tenants/acme", body, reply: { status: 422, json } });
    expect(await catchRejection(resources.tenants.set("acme", body))).toMatchObject({
      code: "invalid_params",
      message: "Two fields are invalid",
      details: [
        { pointer: "/settings/branding/primary_color", message: "is not a color" },
        { pointer: "/name", message: "is too long" },
      ],
    });
  });

  it("A-030m name the missing resource, and keep the facts of the response", async () => {
    const project = { collection: "projects", id: "p1" };
    api.expect(
      { method: "DELETE", path: "/v1/objects/projects/p1", reply: { status: 404, json: NOT_FOUND } },
      {
        method: "POST",
        path: "/v1/objects/projects/p1/subscriptions",
        body: {},
        reply: { status: 404, json: NOT_FOUND },
      },
      get("/v1/audiences/beta/members?page_size=10", NOT_FOUND, 404),
      get("/v1/users/ada/feeds/c1?page_size=10", NOT_FOUND, 404),
      {
        method: "DELETE",
        path: "/v1/schedules",
        body: { schedule_ids: ["a", "b"] },
        reply: { status: 404, json: NOT_FOUND },
      },
    );
    expect(await resources.objects.delete("projects", "p1")).toBe(false);
    const errors = [
      await catchRejection(resources.subscriptions.add(project, {})),
      await catchRejection(resources.audiences.list("beta", PAGE)),
      await catchRejection(resources.feeds.list({ recipient: toRecipientKey("ada"), channel: "c1" }, PAGE)),
      await catchRejection(resources.schedules.delete({ schedule_ids: ["a", "b"] })),
    ] as Error[];
    expect(errors.map(({ message }) => message)).toEqual([
      'there is no object "projects/p1"',
      'there is no audience "beta"',
      'there is no in-app channel "c1"',
      "one of the schedules does not exist",
    ]);
    for (const error of errors)
      expect(error).toMatchObject({ code: "resource_missing", status: 404, request_id: "req_stub", attempts: 1 });
  });

  it("reject responses of another form", async () => {
    const feed = { recipient: toRecipientKey("ada"), channel: "c1" };
    api.expect(
      get("/v1/audiences/beta/members?page_size=10", { entries: [{}] }),
      get("/v1/objects/projects?page_size=10", {}),
      get("/v1/users/ada/preferences", {}),
      get("/v1/users/ada/feeds/c1?page_size=10", []),
      { method: "POST", path: "/v1/schedules", body: {}, reply: { json: [1] } },
    );
    for (const send of [
      () => resources.audiences.list("beta", PAGE),
      () => resources.objects.list("projects", PAGE),
      () => resources.preferences.list("ada"),
      () => resources.feeds.list(feed, PAGE),
      () => resources.schedules.create({}),
    ])
      expect(await catchRejection(send())).toMatchObject({
        code: "remote_failed",
        message: expect.stringContaining("did not respond like the Knock API"),
      });
  });

  it("A-271 create schedules with the same settings together, and report what was created before an error", async () => {
    const path = "/v1/schedules";
    const entry = (recipient: string, workflow = "hello") => ({ workflow, recipient });
    const errors = [{ field: "recipients[1].id", message: "must be a text", type: null }];
    api.expect(
      {
        method: "POST",
        path,
        body: { workflow: "hello", recipients: ["a", "b"] },
        reply: { json: [{ id: "1" }, { id: "2" }] },
      },
      {
        method: "POST",
        path,
        body: { workflow: "letter", recipients: ["a", "c"] },
        reply: { status: 422, json: { code: "invalid_params", message: "Bad", errors } },
      },
    );
    const schedules = [entry("a"), entry("b"), entry("a", "letter"), entry("c", "letter")];
    expect(await catchRejection(resources.schedules.createMany({ schedules }))).toMatchObject({
      code: "invalid_params",
      details: [{ pointer: "/schedules/3/recipient/id" }],
      hint: expect.stringContaining("Before this error, 2 of the schedules were created."),
    });
  });
});
