import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngagementAction } from "../../src/domain/message/message.js";
import { type RecipientKey, toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { getExitCode } from "../../src/errors/knock-error.js";
import type { Operations } from "../../src/ports/operations.js";
import { openRemote } from "../../src/remote/open-remote.js";
import type { JsonObject } from "../../src/util/json.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { get, message, NOT_FOUND, page, RUN_ID, runId } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

let api: StubApi;
let remote: Operations;
let time: ReturnType<typeof createFakeClock>;

beforeEach(async () => {
  api = await startStubApi();
  time = createFakeClock();
  remote = openRemote(buildClientOptions(api, { sleep: time.sleep, now: time.now }));
});
afterEach(async () => {
  await remote.close();
  await api.finish();
});

const m1 = message("m1", 1, "email_1");

describe("reading a message", () => {
  const content = {
    __typename: "MessageContent",
    message_id: "m1",
    inserted_at: "2026-03-01T10:00:00Z",
    data: { __typename: "MessageEmailContent", to: "u1@x.test" },
  };

  it("AC-198, A-221 returns the message with its complete content document", async () => {
    api.expect(get("/v1/messages/m1", m1), get("/v1/messages/m1/content", content));
    expect(await remote.readMessage("m1")).toEqual({ ...m1, content });
  });

  it("AC-187 returns null for an unknown and for an empty id", async () => {
    api.expect(get("/v1/messages/a%2Fb%20c", NOT_FOUND, 404));
    expect(await remote.readMessage("a/b c")).toBeNull();
    expect(await remote.readMessage("")).toBeNull();
  });

  it("returns a message without content", async () => {
    api.expect(get("/v1/messages/m1", m1), get("/v1/messages/m1/content", NOT_FOUND, 404));
    expect(await remote.readMessage("m1")).toEqual({ ...m1, content: null });
  });

  it("does not treat a web page with status 404 as the API's response", async () => {
    api.expect({ method: "GET", path: "/v1/messages/m1", reply: { status: 404, text: "<html>Not here</html>" } });
    expect(await catchRejection(remote.readMessage("m1"))).toMatchObject({ code: "remote_failed", status: 404 });
  });
});

describe("listing messages", () => {
  it.each([
    ["AC-180", { workflow_run_id: RUN_ID }, `/v1/messages?workflow_run_id=${RUN_ID}&page_size=20`],
    [
      "AC-181",
      { status: "delivered", channel: RUN_ID },
      `/v1/messages?channel_id=${RUN_ID}&status%5B%5D=delivered&page_size=20`,
    ],
    [
      "A-208",
      { workflow: "hello", tenant: "a b", recipient_run_id: runId(1) },
      `/v1/messages?source=hello&workflow_recipient_run_id=${runId(1)}&tenant=a+b&page_size=20`,
    ],
    ["A-208", { engagement_statuses: ["unseen"] }, "/v1/messages?engagement_status%5B%5D=unseen&page_size=20"],
    ["A-300", { recipient: toRecipientKey("u/1") }, "/v1/users/u%2F1/messages?page_size=20"],
    ["A-242", { recipient: "$tenants/acme" as RecipientKey }, "/v1/objects/$tenants/acme/messages?page_size=20"],
  ] as const)("with %s: %j requests %s", async (_case, filter, path) => {
    api.expect(get(path, page([m1], null, "c0")));
    expect(await remote.listMessages(filter, { limit: 20 })).toEqual({
      items: [m1],
      page_info: { after: null, before: "c0", page_size: 20 },
    });
  });

  it("filters by a channel's key itself, because the API cannot", async () => {
    const sms = message("m2", 1, "sms_1");
    api.expect(get("/v1/messages?page_size=20", page([sms, m1], "c1")));
    expect((await remote.listMessages({ channel: "my-sms" }, { limit: 20 })).items).toEqual([sms]);
  });

  it("AC-182 reports what the API rejects with its pointer", async () => {
    api.expect(
      get(
        "/v1/messages?tenant=x&page_size=20",
        { code: "invalid_params", message: "Bad", errors: [{ field: "tenant", message: "no", type: null }] },
        422,
      ),
    );
    expect(await catchRejection(remote.listMessages({ tenant: "x" }, { limit: 20 }))).toMatchObject({
      code: "invalid_params",
      details: [{ pointer: "/tenant", message: "no" }],
    });
  });
});

describe("marking messages", () => {
  it.each([
    ["A-227", "seen", "PUT", "seen"],
    ["A-228", "unseen", "DELETE", "seen"],
    ["A-225", "read", "PUT", "read"],
    ["A-226", "unread", "DELETE", "read"],
    ["A-224", "interacted", "PUT", "interacted"],
    ["A-219", "archived", "PUT", "archived"],
    ["A-220", "unarchived", "DELETE", "archived"],
  ] as const)("with %s: %s sends %s …/%s for one message", async (_rule, action, method, status) => {
    api.expect(
      get("/v1/messages/m1", m1),
      { method, path: `/v1/messages/m1/${status}`, reply: { status: 500 } },
      { method, path: `/v1/messages/m1/${status}`, reply: { json: m1 } },
    );
    expect(await remote.markMessages(["m1"], action)).toEqual([m1]);
    expect(time.slept).toEqual([500]);
  });

  const m2 = message("m2", 2, "email_1");
  /** The list that shows which messages exist. */
  const known = (ids: string[], items: JsonObject[]) =>
    get(`/v1/messages?${ids.map((id) => `message_ids%5B%5D=${id}`).join("&")}&page_size=50`, page(items));

  it.each([
    ["A-213", "seen"],
    ["A-216", "unseen"],
    ["A-212", "read"],
    ["A-215", "unread"],
    ["A-211", "interacted"],
    ["A-209", "archived"],
    ["A-214", "unarchived"],
  ] as const)("with %s: sends a batch/%s for several messages, in the order of the ids", async (_rule, action) => {
    const request = { method: "POST", path: `/v1/messages/batch/${action}`, body: { message_ids: ["m2", "m1"] } };
    api.expect(
      known(["m2", "m1"], [m1, m2]),
      { ...request, reply: { status: 500 } },
      { ...request, reply: { json: [m1, m2] } },
    );
    const marked = await remote.markMessages(["m2", "m1"], action);
    expect(marked.map(({ id }) => id)).toEqual(["m2", "m1"]);
    expect(time.slept).toEqual([500]);
  });

  it("A-077 sends at most 50 ids in a request", async () => {
    const ids = Array.from({ length: 51 }, (_, index) => `m${index}`);
    const messages = ids.map((id) => message(id, 1, "email_1"));
    const path = "/v1/messages/batch/read";
    api.expect(
      known(ids.slice(0, 50), messages.slice(0, 50)),
      known(["m50"], messages.slice(50)),
      { method: "POST", path, body: { message_ids: ids.slice(0, 50) }, reply: { json: messages.slice(0, 50) } },
      { method: "POST", path, body: { message_ids: ["m50"] }, reply: { json: messages.slice(50) } },
    );
    expect((await remote.markMessages(ids, "read")).map(({ id }) => id)).toEqual(ids);
  });

  it("A-047 repeats the request for messages that were changed less than a second ago", async () => {
    const path = "/v1/messages/batch/read";
    const headers = { "x-ratelimited-message_ids": "m2" };
    const limited = { method: "POST", path, body: { message_ids: ["m2"] }, reply: { json: [m2], headers } };
    api.expect(
      known(["m1", "m2"], [m1, m2]),
      { method: "POST", path, body: { message_ids: ["m1", "m2"] }, reply: { json: [m1, m2], headers } },
      { ...limited, reply: { json: [{ ...m2, read_at: "x" }] } },
    );
    expect(await remote.markMessages(["m1", "m2"], "read")).toEqual([m1, { ...m2, read_at: "x" }]);
    expect(time.slept).toEqual([1_000]);
    api.expect(known(["m2", "m3"], [m2, message("m3", 3, "email_1")]));
    const all = { method: "POST", path, body: { message_ids: ["m2", "m3"] } };
    const both = { "x-ratelimited-message_ids": "m2, m3" };
    for (let tries = 1; tries <= 5; tries++) api.expect({ ...all, reply: { json: [], headers: both } });
    const error = await catchRejection(remote.markMessages(["m2", "m3"], "read"));
    expect(error).toMatchObject({ code: "rate_limited", message: expect.stringContaining("m2, m3") });
  });

  it("A-224, A-487, E-226 sends the metadata of an interaction as the body", async () => {
    const metadata = { button: "approve" };
    api.expect(get("/v1/messages/m1", m1), {
      method: "PUT",
      path: "/v1/messages/m1/interacted",
      body: { metadata },
      reply: { json: m1 },
    });
    expect(await remote.markMessages(["m1"], "interacted", metadata)).toEqual([m1]);
  });

  it("rejects link_clicked, which has no endpoint", async () => {
    const error = await catchRejection(remote.markMessages(["m1"], "link_clicked" satisfies EngagementAction));
    expect(error).toMatchObject({ code: "not_supported", hint: expect.stringContaining("interacted") });
    expect(api.requests).toEqual([]);
  });

  it("reports an unknown id, and changes nothing", async () => {
    api.expect(known(["m1", "x"], [m1]));
    const error = await catchRejection(remote.markMessages(["m1", "x", ""], "read"));
    expect(error).toMatchObject({
      code: "resource_missing",
      message: 'there is no message "x" (and 1 more)',
      hint: expect.stringContaining("Nothing was changed"),
      details: [
        { pointer: "/1", value: "x" },
        { pointer: "/2", value: "" },
      ],
    });
    expect(getExitCode(error)).toBe(5);
  });

  it("reports what was changed before a failure", async () => {
    const ids = Array.from({ length: 51 }, (_, index) => `m${index}`);
    const messages = ids.map((id) => message(id, 1, "email_1"));
    const path = "/v1/messages/batch/read";
    const forbidden = { status: 403, json: { code: "authorization", message: "No" } };
    api.expect(
      known(ids.slice(0, 50), messages.slice(0, 50)),
      known(["m50"], messages.slice(50)),
      { method: "POST", path, body: { message_ids: ids.slice(0, 50) }, reply: { json: messages.slice(0, 50) } },
      { method: "POST", path, body: { message_ids: ["m50"] }, reply: forbidden },
    );
    expect(await catchRejection(remote.markMessages(ids, "read"))).toMatchObject({
      code: "not_allowed",
      hint: expect.stringMatching(/^Before this error, these messages were changed: m0, m1, .* m49\. /),
    });
  });
});
