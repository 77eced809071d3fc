import { describe, expect, it } from "vitest";
import { summarizeMessage } from "../../src/features/dev/emulator/page/summarize-message.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildCondition, step } from "../helpers/build-steps.js";
import { eventually } from "../helpers/eventually.js";
import { triggerFork } from "../helpers/page-fork.js";
import { openEventStream, readBuiltPage } from "../helpers/page-reader.js";
import { type TestEmulator, withApi } from "../helpers/test-emulator.js";

const withPage = (body: (api: TestEmulator) => Promise<void>) => withApi(body, { readPage: readBuiltPage });

/** Returns a helper's response. The page has no key. */
const look = async (api: TestEmulator, path: string): Promise<JsonObject> =>
  (await api.request(`GET /__knock/page/${path}`, undefined, { authorization: "" })).body ?? {};

describe("the page's helpers", () => {
  it("list messages with their first words, newest first, filtered and searched", () =>
    withPage(async (api) => {
      const { harness } = api;
      harness.define("words", {
        steps: [
          step.email("Déjà vu", '<p style="color:red">Say "hi"</p>'),
          step.feed("**Bold** & _more_"),
          step.sms("Soon"),
        ],
      });
      await harness.trigger("words", { recipients: ["ana", "eli"] });
      const { items, more } = await look(api, "messages?limit=4");
      expect((items as JsonObject[]).map(({ title, text, recipient }) => [recipient, title, text])).toEqual([
        ["eli", "", "Bold & more"],
        ["eli", "Déjà vu", expect.stringContaining('Say "hi"')],
        ["ana", "", "Soon"],
        ["ana", "", "Bold & more"],
      ]);
      expect(more).toBe(true);
      expect((items as JsonObject[])[0]).not.toHaveProperty("content");
      const count = async (search: string): Promise<number> =>
        ((await look(api, `messages?${search}`)).items as JsonObject[]).length;
      expect(await count("q=SOON")).toBe(1);
      expect(await count(`q=${encodeURIComponent('Say "hi"')}`)).toBe(2);
      expect(await count("q=ana")).toBe(3);
      expect(await count("q=100%25")).toBe(0);
      expect(await count("recipient=eli&channel=feed")).toBe(1);
      expect(await count("workflow=words&q=nothing")).toBe(0);
      expect(await count("status=bounced")).toBe(0);
      expect((await api.request("GET /__knock/page/messages?limit=501")).status).toBe(422);
    }));

  it("list an email's first words without the addresses of its links", () =>
    withPage(async (api) => {
      api.harness.define("linked", {
        steps: [step.email("Subject", '<p>See <a href="https://lark.test/a?b=1">the page</a> (today)</p>')],
      });
      await api.harness.trigger("linked", { recipients: ["ana"] });
      expect((await look(api, "messages")).items).toMatchObject([{ text: "See the page (today)" }]);
    }));

  it("list a guide's message with the texts of its content", () => {
    const content = { title: "Pages have a history", body: "", count: 2, link: "https://lark.test/" };
    const message = { id: "1", content: { data: { __typename: "MessageInAppGuideContent", content } } };
    expect(summarizeMessage(message)).toEqual({
      id: "1",
      title: "",
      text: "Pages have a history · https://lark.test/",
    });
  });

  it("explain the outcome of each step of a run", () =>
    withPage(async (api) => {
      const { harness } = api;
      harness.define("picky", {
        steps: [step.email("S", "B", { conditions: buildCondition("data.go", "equal_to", true) }), step.sms()],
      });
      const outcome = await harness.trigger("picky", { recipients: ["bo"], data: { go: false } });
      const run = await look(api, `runs/${outcome.recipients?.[0]?.recipient_run_id}`);
      expect(run.steps).toMatchObject([
        {
          ref: "email_1",
          outcome: "skipped",
          reason: { code: "condition", meaning: expect.stringContaining("condition was false") },
          conditions: [{ result: false, text: "data.go equal_to true (was false)" }],
        },
        { ref: "sms_1", reason: { code: "missing_recipient_data", detail: expect.any(String) } },
      ]);
      const { items } = await look(api, `runs?workflow_run_id=${outcome.workflow_run_id}&status=completed`);
      expect((items as JsonObject[]).map(({ id }) => id)).toEqual([run.id]);
      expect((await api.request("GET /__knock/page/runs/nobody")).status).toBe(404);
    }));

  it("return the outline of a workflow, and of a run's version with the values that were compared", () =>
    withPage(async (api) => {
      const { recipients } = await triggerFork(api.harness);
      const id = recipients?.[0]?.recipient_run_id;
      const condition = { text: "data.size less_than 10" };
      const matches = (found: JsonObject) => ({ branches: [{}, { conditions: { conditions: [found] } }, {}] });
      const { items } = await look(api, "workflows");
      const fork = (items as JsonObject[]).find(({ key }) => key === "fork");
      expect(fork?.outline).toMatchObject({
        steps: [{ ref: "in_app_feed_1", summary: "feed" }, matches(condition), { ref: "delay_2" }],
      });
      api.harness.define("fork", { steps: [] });
      expect((await look(api, `runs/${id}`)).outline).toMatchObject({
        steps: [{}, matches({ ...condition, result: true, value: "4" }), {}],
      });
    }));

  it("return the data that triggered a run", () =>
    withPage(async (api) => {
      const { recipients } = await api.harness.trigger("hello", { recipients: ["u1"], data: { n: 1 } });
      const path = `runs/${recipients?.[0]?.recipient_run_id}`;
      expect(await look(api, path)).toMatchObject({ data: { n: 1 } });
      const { body } = await api.request(`GET /v1/workflow_recipient_runs/${recipients?.[0]?.recipient_run_id}`);
      expect(body).not.toHaveProperty("data");
    }));

  it("find users, return their data and change their preferences", () =>
    withPage(async (api) => {
      for (const search of ["UNA", "u1%40Lark", "u1"])
        expect(((await look(api, `users?q=${search}`)).items as JsonObject[]).map(({ id }) => id)).toEqual(["u1"]);
      const put = { __persistence_strategy__: "merge", channel_types: { email: false } };
      expect((await api.request("PUT /__knock/page/users/u1/preferences/default", put)).status).toBe(200);
      const user = await look(api, "users/u1");
      expect(user).toMatchObject({
        feeds: ["feed"],
        preferences: [{ id: "default", channel_types: { email: false } }],
      });
      await api.harness.trigger("hello", { recipients: ["u1"], data: { n: 1 } });
      expect(await look(api, "users/u1/feeds/feed")).toMatchObject({
        items: [{ source: { key: "hello" } }],
        meta: { unread_count: 1 },
      });
      expect(((await look(api, "messages?recipient=u1")).items as JsonObject[]).length).toBe(1);
      expect((await api.request("DELETE /__knock/page/users/u1/preferences/default")).body).toMatchObject({
        channel_types: null,
      });
    }));

  it("find objects and tenants, and return their subscribers, preferences and feed", () =>
    withPage(async (api) => {
      const listed = async (search: string) =>
        ((await look(api, `users?kind=objects${search}`)).items as JsonObject[]).map(({ id, name }) => [id, name]);
      expect(await listed("")).toEqual([
        ["$tenants/acme", "Acme"],
        ["orgs/o1", undefined],
        ["teams/t1", undefined],
        ["projects/p1", "Kestrel"],
      ]);
      expect(await listed("&q=KEST")).toEqual([["projects/p1", "Kestrel"]]);
      const path = `users/${encodeURIComponent("projects/p1")}`;
      expect(await look(api, path)).toMatchObject({
        user: { collection: "projects", properties: { name: "Kestrel" } },
        subscribers: [{ of: "u2" }, { of: "u1" }],
        subscriptions: [],
        preferences: [{ id: "default" }],
      });
      expect((await look(api, "users/u1")).subscriptions).toMatchObject([{ of: { collection: "projects", id: "p1" } }]);
      const put = { channel_types: { email: false } };
      expect((await api.request(`PUT /__knock/page/${path}/preferences/default`, put)).body).toMatchObject(put);
      await api.harness.trigger("hello", { recipients: [{ collection: "projects", id: "p1" }] });
      expect(await look(api, `${path}/feeds/feed`)).toMatchObject({ meta: { total_count: 1 } });
      expect((await api.request("GET /__knock/page/users/projects%2Fnone")).status).toBe(404);
    }));

  it("list and trigger workflows", () =>
    withPage(async (api) => {
      const { items } = await look(api, "workflows");
      expect((items as JsonObject[]).map(({ key, active }) => [key, active])).toEqual([
        ["hello", true],
        ["off", false],
        ["paused", true],
        ["strict", true],
      ]);
      const refused = await api.request("POST /__knock/page/workflows/strict/trigger", {
        recipients: ["u1"],
        data: { nam: 1 },
      });
      expect(refused.status).toBe(422);
      expect(refused.body?.errors).toMatchObject([{ field: "data.name" }]);
      const done = await api.request("POST /__knock/page/workflows/strict/trigger", {
        recipients: ["u1"],
        data: { name: "x" },
      });
      expect(done.body).toMatchObject({ recipients: [{ recipient: "u1", status: "completed" }] });
    }));

  it("mark messages", () =>
    withPage(async (api) => {
      await api.harness.trigger("hello", { recipients: ["u1"] });
      const [message] = (await look(api, "messages?channel=feed")).items as JsonObject[];
      const marked = await api.request(`POST /__knock/page/messages/${message?.id}/mark`, { status: "read" });
      expect(marked.body).toMatchObject({ engagement_statuses: expect.arrayContaining(["read"]) });
      expect((await api.request(`POST /__knock/page/messages/${message?.id}/mark`, { status: "eaten" })).status).toBe(
        422,
      );
    }));
});

describe("the clock helper", () => {
  it("advances to the next due time, frozen or not, and reports when nothing waits", () =>
    withPage(async (api) => {
      const { harness } = api;
      const next = () => api.request("POST /__knock/clock", { advance: "next" });
      expect((await next()).status).toBe(422);
      await harness.trigger("paused", { recipients: ["u1"] });
      const { clock } = (await look(api, "project")) as { clock: JsonObject };
      expect(Date.parse(String(clock.next_due_at)) - Date.parse(String(clock.now))).toBe(600_000);
      expect((await next()).body).toMatchObject({ now: clock.next_due_at, ran: [{ workflow: "paused" }] });
      await api.request("POST /__knock/clock", { freeze: true });
      await harness.trigger("paused", { recipients: ["u2"] });
      expect((await next()).body).toMatchObject({ frozen: true, ran: [{ recipient: "u2" }] });
    }));
});

describe("changes", () => {
  it("are sent to listeners until they disconnect or the emulator stops", () =>
    withPage(async (api) => {
      const events = await openEventStream(api.url);
      const first = await events.readNext();
      expect(first).toMatchObject({ frozen: false, next_due_at: null });
      await api.harness.trigger("paused", { recipients: ["u1"] });
      let nextEvent = await events.readNext();
      while (nextEvent.next_due_at === null) nextEvent = await events.readNext();
      expect(nextEvent.next_due_at).toBe(new Date(api.harness.now + 600_000).toISOString());
      const left = await openEventStream(api.url);
      await left.readNext();
      left.close();
      await api.restart();
      expect(await events.waitForEnd()).toBe(true);
      // The client may not have noticed yet that its connection was closed.
      const again = await eventually(() => openEventStream(api.url).catch(() => null));
      expect(await again.readNext()).toHaveProperty("now");
      again.close();
    }));
});

describe("protection of the page", () => {
  it("list the requests of deliveries, and return each with its bodies", () =>
    withPage(async (api) => {
      const { harness } = api;
      harness.deliver = () => ({ status: "failed", retryable: true, reason: "busy" });
      await harness.trigger("hello", { recipients: ["u1"], data: { n: 1 } });
      const now = harness.now + 3_600_000;
      const [claimed] = await harness.store.claimDueMessages({ now, leaseMs: 1_000, token: "t" }, 1);
      if (claimed === undefined) throw new Error("no message is queued");
      const exchange = {
        service_name: "Postmark",
        request: {
          method: "POST",
          host: "api.test",
          path: "/email",
          query: null,
          headers: { a: "b" },
          body: { to: "u" },
        },
        response: { status: 422, headers: {}, body: "refused" },
      };
      const log = { ...exchange, id: "log1", message_id: claimed.id, at: harness.now };
      await harness.store.saveMessages([{ ...claimed, status: "undelivered", due_at: null }], "t", [log]);
      const { items } = await look(api, "requests?q=API.test");
      const row = { method: "POST", url: "api.test/email", status: 422, error: null, workflow: "hello" };
      expect(items).toEqual([expect.objectContaining(row)]);
      const [first] = items as JsonObject[];
      expect(await look(api, `requests/${encodeURIComponent(String(first?.id))}`)).toMatchObject({
        ...row,
        request: { headers: { a: "b" }, body: { to: "u" } },
        response: { body: "refused" },
      });
      expect((await look(api, "requests?q=nowhere")).items).toEqual([]);
      for (const id of ["delivery:none:log1", "fetch:none:1", "webhook"])
        expect((await api.request(`GET /__knock/page/requests/${id}`)).status).toBe(404);
      expect((await api.request("GET /__knock/page/webhooks/none")).status).toBe(404);
    }));

  it("allows its HTML only its own script, requests to this server, and no frame around it", () =>
    withPage(async ({ url }) => {
      const response = await fetch(url);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toMatch(/script-src 'sha256-[\w+/=]+';/);
      expect(policy).toContain("connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    }));

  it("sandboxes an email's HTML in the frame and alone", () =>
    withPage(async (api) => {
      await api.harness.trigger("hello", { recipients: ["u1"] });
      const [message] = (await look(api, "messages?channel=mail")).items as JsonObject[];
      const response = await fetch(`${api.url}/__knock/page/messages/${message?.id}/html`);
      expect(response.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
      expect(response.headers.get("content-type")).toContain("text/html");
      expect(response.headers.get("content-security-policy")).toContain("; img-src data:;");
      // Remote images are all that a reader can allow.
      const withImages = await fetch(`${response.url}?images=load`);
      expect(withImages.headers.get("content-security-policy")).toBe(
        response.headers.get("content-security-policy")?.replace("img-src data:", "img-src data: https: http:"),
      );
      const [other] = (await look(api, "messages?channel=feed")).items as JsonObject[];
      expect((await api.request(`GET /__knock/page/messages/${other?.id}/html`)).status).toBe(404);
    }));

  it.each([
    ["a request of another page", { origin: "https://evil.test" }],
    ["a request of a sandboxed frame", { origin: "null" }],
    ["a picture or a link of another site", { "sec-fetch-site": "cross-site" }],
    ["a page of another port", { "sec-fetch-site": "same-site" }],
  ])("rejects %s", (_who, headers: Record<string, string>) =>
    withPage(async ({ request }) => {
      expect((await request("GET /__knock/page/users", undefined, headers)).status).toBe(403);
      expect((await request("POST /__knock/reset", "{}", headers)).status).toBe(403);
    }),
  );

  it("accepts a page that was opened by IP address if the server listens on all addresses", () =>
    withApi(
      async ({ request, url }) => {
        const { host } = new URL(url);
        const own = { origin: `http://${host}`, "sec-fetch-site": "same-origin" };
        expect((await request("POST /__knock/idle", "{}", own)).status).toBe(200);
        expect((await request("POST /__knock/idle", "{}", { origin: "http://192.0.2.7:8484" })).status).toBe(403);
      },
      { host: "0.0.0.0" },
    ));

  it("shows a message instead of the page if it was not built", () =>
    withApi(async ({ url }) => {
      const response = await fetch(url);
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("npm run build")]);
    }));
});
