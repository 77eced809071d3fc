import { describe, expect, type OnTestFinishedHandler } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const feed = (markdown_body: string, more: JsonObject = {}): JsonObject => ({
  ref: "feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "inbox",
  template: { markdown_body },
  ...more,
});

const sms = (text_body: string, more: JsonObject = {}): JsonObject => ({
  ref: "sms_1",
  type: "channel",
  channel_type: "sms",
  channel_key: "texts",
  template: { text_body },
  ...more,
});

const where = (variable: string, argument: string, operator = "equal_to"): JsonObject => ({
  all: [{ variable, operator, argument }],
});

const BATCH = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };
const BATCHED = "{{ total_activities }}: {% for item in activities %}{{ item.n }} {% endfor %}";

function writeWorkflow(sample: Sample, steps: JsonObject[], key = "fresh"): void {
  sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
}

/** Adds settings to the environment of the sample. */
function changeEnvironment(sample: Sample, settings: JsonObject): void {
  const file = "knock/environment.json";
  sample.write(file, { ...(JSON.parse(sample.read(file)) as JsonObject), ...settings });
}

/**
 * Starts a server for the requests of steps. The environment declares no responses to them. `onTestFinished` belongs to the
 * test: the global one would belong to any of the concurrent tests, and close the server when that test ends.
 */
async function startApi(
  { shop, onTestFinished }: { shop: Sample; onTestFinished: (close: OnTestFinishedHandler) => void },
  ...responses: TestResponse[]
): Promise<string> {
  const server = await startHttpTestServer();
  onTestFinished(() => server.close());
  server.respondWith(...responses.map((response) => () => response));
  changeEnvironment(shop, { fetch: { allow: [server.url] }, agent: { url: `${server.url}/agent` } });
  return server.url;
}

const fetchStep = (url: string, settings: JsonObject = {}): JsonObject => ({
  ref: "http_fetch_1",
  type: "http_fetch",
  settings: { method: "get", url, ...settings },
});

/** Runs the due work of a moment, which is where a stored run continues. */
const runDue = (sample: Sample) => sample.knock(["clock", "advance", "1s"]);

/** Expects that a replay makes this number of messages, all equal to those that were sent. */
async function expectEqual(sample: Sample, messages: number): Promise<void> {
  const { exitCode, stdout, json } = await sample.knock(["replay", "--json"]);
  expect(json, stdout).toMatchObject({ recipients: [], rejected: [], summary: { equal: messages, before: messages } });
  expect(exitCode).toBe(0);
}

/** Returns the texts of the in-app messages, oldest first. */
async function readTexts(sample: Sample): Promise<string> {
  const { json } = await sample.knock(["messages", "list", "--json"]);
  const texts: string[] = [];
  for (const { id } of json.items as JsonObject[]) {
    const shown = await sample.knock(["messages", "show", String(id), "--json"]);
    texts.unshift(...[...shown.stdout.matchAll(/"rendered": "<p>(.*?)<\/p>/g)].map(([, text = ""]) => text));
  }
  return texts.join("; ");
}

describe.concurrent("knock replay without a change of the files", () => {
  it("ignores the IDs and tokens of links", async ({ shop }) => {
    const channels = (JSON.parse(shop.read("knock/environment.json")) as JsonObject).channels as JsonObject;
    changeEnvironment(shop, {
      channels: { ...channels, texts: { type: "sms" } },
      tracking: { base_url: "https://links.example.com" },
    });
    const channel_overrides = { link_tracking: true, open_tracking: true };
    const html_body =
      '<a href="https://lark.test/a">A</a> {{ vars.commercial_unsubscribe_url }} {{ vars.manage_preferences_url }}';
    shop.write("knock/workflows/fresh/workflow.json", {
      name: "fresh",
      settings: { is_commercial: true },
      steps: [
        {
          ref: "email_1",
          type: "channel",
          channel_type: "email",
          channel_key: "mail",
          channel_overrides,
          template: { subject: "S", html_body, settings: {} },
        },
        sms("See https://lark.test/sms", { channel_overrides: { link_tracking: true } }),
      ],
    });
    const ines = JSON.stringify({ id: "ines", email: "ines@lark.test", phone_number: "+32470000000" });
    await shop.knock(["notify", "fresh", "--recipients", ines]);
    await expectEqual(shop, 2);
  });

  it("repeats batches with the data of each trigger, which runs show beside the data after the batch", async ({
    shop,
  }) => {
    writeWorkflow(shop, [BATCH, feed(BATCHED)]);
    for (const n of [1, 2]) {
      const recipient = { id: "ines", $trigger_data: { n, items: [n] } };
      await shop.knock(["notify", "fresh", "--recipients", JSON.stringify(recipient), "--set", "page=Home"]);
    }
    await shop.knock(["clock", "advance", "1h"]);
    const { json: list } = await shop.knock(["runs", "list", "--json"]);
    const opener = String((list.items as JsonObject[])[1]?.id);
    const { json } = await shop.knock(["runs", "show", opener, "--json"]);
    expect(json).toMatchObject({
      data: { n: 2, page: "Home" },
      trigger_data: { n: 1, items: [1], page: "Home" },
    });
    const { stdout } = await shop.knock(["runs", "show", opener]);
    expect(stdout).toContain(
      '\n  trigger data  {"page":"Home","n":1,"items":[1]}\n  data now      {"page":"Home","n":2}\n',
    );
    await expectEqual(shop, 1);
  });

  it("repeats the cancellation of a trigger that had joined a batch", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, feed(BATCHED)]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    const trigger = (n: number) =>
      shop.knock(["notify", "fresh", "-r", "ines", "--set", `n:=${n}`, "--cancellation-key", `k${n}`]);
    for (const n of [1, 2, 3]) await trigger(n);
    await shop.knock(["clock", "advance", "10m"]);
    await shop.knock(["cancel", "fresh", "k1"]);
    await shop.knock(["cancel", "fresh", "k3"]);
    await shop.knock(["clock", "advance", "1h"]);
    expect(await readTexts(shop)).toBe("1: 2");
    await expectEqual(shop, 1);
  });

  it("gives fetch steps the recorded responses, also where later steps and batches changed the data", async ({
    shop,
    onTestFinished,
  }) => {
    const tasks = ["Ship it", "Test it"].map((name) => ({ json: { name, tags: ["a"] } }));
    const api = await startApi({ shop, onTestFinished }, ...tasks, { status: 404 }, { json: "done" });
    const update = { ref: "data_1", type: "update_data", settings: { data: '{"task":"{{ data.task.name }}!"}' } };
    const wanted = { ...feed("Wanted", { ref: "feed_2" }), conditions: where("data.task", "Ship it!") };
    writeWorkflow(shop, [
      fetchStep(`${api}/tasks`, { response_path: "task" }),
      feed("Task {{ data.task.name }} {{ data.task.tags }}"),
      update,
      wanted,
      { ...BATCH },
      feed("{{ total_activities }}: {% for item in activities %}{{ item.task }} {% endfor %}", { ref: "feed_3" }),
    ]);
    writeWorkflow(shop, [fetchStep(`${api}/state`, { response_path: "state" }), feed("{{ data.state }}")], "state");
    for (const workflow of ["fresh", "fresh", "state", "state"]) {
      await shop.knock(["notify", workflow, "-r", "ines"]);
      await runDue(shop);
    }
    await shop.knock(["clock", "advance", "2h"]);
    const texts = await readTexts(shop);
    for (const text of ["Task Ship it a", "Task Test it a", "Wanted", "2: Ship it! Test it!", "done"])
      expect(texts).toContain(text);
    await expectEqual(shop, 5);
  });

  it("gives agent steps the recorded responses, also if one failed", async ({ shop, onTestFinished }) => {
    await startApi({ shop, onTestFinished }, { json: { text: "Fine weather" } }, { json: { error: "no credits" } });
    const agent = {
      ref: "ai_agent_1",
      type: "ai_agent",
      settings: { model: "example:small", request_prompt: "Weather?", response_type: "text", halt_on_error: false },
    };
    writeWorkflow(shop, [agent, feed("{{ data.ai_agent_1.text }}.")]);
    for (const recipient of ["ines", "jun"]) {
      await shop.knock(["notify", "fresh", "-r", recipient]);
      await runDue(shop);
    }
    expect(await readTexts(shop)).toContain("Fine weather.");
    await expectEqual(shop, 2);
  });

  it("repeats the events of sources for which runs waited, only for runs that got them", async ({ shop }) => {
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    const pay = (number: string) =>
      shop.knock(["notify", "order-paid", "-r", "ines", "--set", `number=${number}`, "--set", "total:=9"]);
    const pack = (id: string, number: string) => {
      const event = { type: "order.packed", id, customer: { id: "ines" }, order: { number, packer: "Tomas" } };
      return shop.knock(["sources", "send", "shop-system", "--data", JSON.stringify(event)]);
    };
    await pay("A-1");
    await pack("evt-1", "B-1");
    await pack("evt-2", "A-1");
    await pay("A-1");
    await shop.knock(["clock", "advance", "3d"]);
    const texts = await readTexts(shop);
    expect(texts).toContain("is packed by Tomas");
    expect(texts).toContain("takes longer than usual");
    await expectEqual(shop, 4);
  });

  it("repeats changes of a user for which runs waited", async ({ shop }) => {
    const event = { event_type: "recipient", event_key: "updated" };
    const settings = { event, expires_after: { unit: "days", value: 1 }, on_match: "continue", on_timeout: "halt" };
    writeWorkflow(shop, [{ ref: "wait_1", type: "wait_for_event", settings }, feed("Hello")]);
    await shop.knock(["notify", "fresh", "-r", "ines,jun"]);
    await shop.knock(["users", "set", "ines", "--set", "plan=plus"]);
    await shop.knock(["clock", "advance", "2d"]);
    await expectEqual(shop, 1);
  });

  it("starts with the memberships before the steps that changed them", async ({ shop }) => {
    const change = (action: string) => ({
      ref: "audience_1",
      type: "update_audience",
      settings: { action, audience_key: "club" },
    });
    const member = feed("Member", { conditions: where("recipient", "club", "is_audience_member") });
    writeWorkflow(shop, [member, change("add")], "join");
    writeWorkflow(shop, [member, change("remove")], "leave");
    for (const workflow of ["leave", "join", "join", "leave"]) await shop.knock(["notify", workflow, "-r", "ines"]);
    await runDue(shop);
    await expectEqual(shop, 3);
  });

  it("reads users that no trigger names, for templates and for workflows that steps trigger", async ({ shop }) => {
    const trigger = { workflow_key: "fresh", recipients: "jun", data: '{"n":1}' };
    writeWorkflow(shop, [feed("For {{ recipient.name }}")]);
    writeWorkflow(
      shop,
      [
        feed("{% assign other = data.who | user %}{{ other.name }}"),
        { ref: "t1", type: "trigger_workflow", settings: trigger },
      ],
      "parent",
    );
    await shop.knock(["notify", "parent", "-r", "ines", "--set", "who=tomas"]);
    const texts = await readTexts(shop);
    expect(texts).toContain("Tomás");
    expect(texts).toContain("For Jun");
    await expectEqual(shop, 2);
  });

  it("repeats deliveries that failed, on which later steps depend", async ({ shop, onTestFinished }) => {
    const server = await startHttpTestServer();
    onTestFinished(() => server.close());
    server.respondWith(
      { status: 400, json: { code: 21612, message: "no route" } },
      { status: 201, json: { sid: "SM1" } },
    );
    const settings = { account_sid: "AC1", auth_token: "$SMS_TOKEN", from: "+15005550006", base_url: server.url };
    changeEnvironment(shop, {
      channels: { inbox: { type: "in_app_feed" }, texts: { type: "sms", provider: "twilio", deliver: true, settings } },
    });
    writeWorkflow(shop, [
      sms("Hi"),
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } },
      feed("The text did not arrive", { conditions: where("refs.sms_1.delivery_status", "bounced") }),
    ]);
    const env = { SMS_TOKEN: "t" };
    for (const recipient of ["a", "b"]) {
      const user = JSON.stringify({ id: recipient, phone_number: "+34600000001" });
      await shop.knock(["notify", "fresh", "-r", user], { env });
    }
    await shop.knock(["clock", "advance", "1h"], { env });
    const { json } = await shop.knock(["replay", "--json"], { env });
    expect(json).toMatchObject({ recipients: [], summary: { before: 3, equal: 3 } });
  });

  it("compares nothing that a run has not done yet, and tolerates work that ran late", async ({ shop }) => {
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } };
    writeWorkflow(shop, [delay, feed("Hello")]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    await shop.knock(["notify", "fresh", "-r", "ines"]);
    await shop.knock(["clock", "freeze", "2026-03-02T12:00:00Z"]);
    await expectEqual(shop, 0);
    await runDue(shop);
    await expectEqual(shop, 1);
    await shop.knock(["clock", "freeze", "2026-03-01T12:00:00Z"]);
    await expectEqual(shop, 1);
    await shop.knock(["notify", "fresh", "-r", "jun"]);
    await expectEqual(shop, 1);
  });
});
