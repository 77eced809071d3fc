import { renameSync, rmSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
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
const sms = (text_body: string): JsonObject => ({
  ref: "sms_1",
  type: "channel",
  channel_type: "sms",
  channel_key: "texts",
  template: { text_body },
});
const WORKFLOW_FILE = "knock/workflows/fresh/workflow.json";
const BATCH = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };
const DELAY = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const BATCHED = feed("{{ total_activities }}: {% for item in activities %}{{ item.n }} {% endfor %}");
const FILE = "knock/workflows/fresh/made.test.yaml";

const whenEqual = (variable: string, argument: string): JsonObject => ({
  match_conditions: [{ operator: "and", conditions: [{ variable, operator: "equal_to", argument }] }],
});

function writeWorkflow(sample: Sample, steps: JsonObject[], key = "fresh"): void {
  sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
}

function changeEnvironment(sample: Sample, settings: JsonObject): void {
  const file = "knock/environment.json";
  sample.write(file, { ...(JSON.parse(sample.read(file)) as JsonObject), ...settings });
}

async function trigger(sample: Sample, ...options: string[]): Promise<void> {
  const { exitCode, stderr } = await sample.knock(["notify", "fresh", "-r", "ines", ...options]);
  expect(exitCode, stderr).toBe(0);
}

/** Returns the ID of a run of a workflow, by its place among them from the newest. */
async function findRun(sample: Sample, { workflow = "fresh", nth = 0 } = {}): Promise<string> {
  const { json } = await sample.knock(["runs", "list", "--workflow", workflow, "--limit", "50", "--json"]);
  return String((json.items as JsonObject[])[nth]?.id);
}

/** Writes the scenario of a run to a file, and returns it without line breaks in its comments. */
async function convert(sample: Sample, id: string, ...options: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await sample.knock(["runs", "show", id, "--as-scenario", ...options]);
  expect(exitCode, stderr).toBe(0);
  sample.write(FILE, `${stdout}\n`);
  return stdout.replaceAll("\n# ", " ");
}

async function test(sample: Sample): Promise<string> {
  const { exitCode, stdout, stderr } = await sample.knock(["test", FILE]);
  return exitCode === 0 ? "passed" : `${stdout}${stderr}`;
}

describe.concurrent("knock runs show --as-scenario", () => {
  it("repeats the triggers of a batch, and fails when the workflow no longer has the outcome", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, BATCHED]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    for (const n of [1, 2, 3]) await trigger(shop, "--set", `n:=${n}`);
    await shop.knock(["clock", "advance", "1h"]);
    for (const nth of [0, 1, 2]) {
      const text = await convert(shop, await findRun(shop, { nth }));
      expect(text).toContain('body: "3: 1 2 3"');
      expect(text.match(/- notify:/g)).toHaveLength(3);
      expect(await test(shop)).toBe("passed");
    }
    writeWorkflow(shop, [{ ...BATCH, settings: { batch_window: { unit: "hours", value: 2 } } }, BATCHED]);
    expect(await test(shop)).toMatch(/expected +waiting, until 2026-03-02T11:00:00Z/);
    writeWorkflow(shop, [BATCH, feed("{{ total_activities }}")]);
    expect(await test(shop)).toMatch(/expected +3: 1 2 3\n +found +3\n/);
  });

  it("repeats equal triggers, and keeps the first and the last activities of a large batch", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, BATCHED]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    const lines = Array.from({ length: 50 }, (_, n) => ({
      key: "fresh",
      recipients: ["ines"],
      data: { n: n < 40 ? 0 : n },
    }));
    shop.write("many.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    await shop.knock(["notify", "-f", "many.jsonl"]);
    await shop.knock(["clock", "advance", "1h"]);
    const text = await convert(shop, await findRun(shop, { nth: 49 }));
    expect(text).toContain("Not complete: the batch had 50 activities, of which the first and the last 20 are kept.");
    expect(text).toContain("repeat: 30");
    expect(text).toContain('body: "40: 0 0 0');
    expect(await test(shop)).toBe("passed");
  });

  it("finds the batch of the last of 1,500 activities, which came at the same time", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, BATCHED]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    const lines = Array.from({ length: 1_500 }, (_, n) => ({ key: "fresh", recipients: ["ines"], data: { n } }));
    shop.write("many.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    await shop.knock(["notify", "-f", "many.jsonl"]);
    await shop.knock(["clock", "advance", "1h"]);
    const text = await convert(shop, await findRun(shop));
    expect(text).toContain("the batch had 1,500 activities");
    expect(text).toContain('body: "40: 0 1 2 3 4 5 6 7 8 9"');
    expect(await test(shop)).toBe("passed");
  });

  it("replaces personal data, and secrets also with --keep-personal-data", async ({ shop }) => {
    writeWorkflow(shop, [feed("{{ recipient.name }}: {{ data.api_key }} for {{ data.contact }}")]);
    await trigger(shop, "--set", "api_key=sk_live_1234", "--set", "contact=mia@example.org");
    const id = await findRun(shop);
    const text = await convert(shop, id);
    for (const secret of ["sk_live_1234", "mia@example.org", "ines", "Inés", id]) expect(text).not.toContain(secret);
    expect(await convert(shop, id)).toBe(text);
    expect(await test(shop)).toBe("passed");
    const kept = await convert(shop, id, "--keep-personal-data");
    for (const secret of ["sk_live_1234", "ines-phone"]) expect(kept).not.toContain(secret);
    expect(kept).toMatch(/body: "Inés: token-\w+ for mia@example.org"/);
    expect(await test(shop)).toBe("passed");
  });

  it("expects the waiting step of a run in progress", async ({ shop }) => {
    writeWorkflow(shop, [DELAY, feed("Late")]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    await trigger(shop);
    await shop.knock(["clock", "advance", "59m"]);
    const text = await convert(shop, await findRun(shop));
    expect(text).toContain("- set_time: 2026-03-02T10:59:00Z");
    expect(text.match(/outcome: waiting\n\s+until: 2026-03-02T11:00:00Z/g)).toHaveLength(2);
    expect(await test(shop)).toBe("passed");
    writeWorkflow(shop, [{ ...DELAY, settings: { delay_for: { unit: "minutes", value: 30 } } }, feed("Late")]);
    expect(await test(shop)).toMatch(/expected +waiting/);
  });

  it("gives the responses of requests, and what failed", async ({ shop, onTestFinished }) => {
    const server = await startHttpTestServer();
    onTestFinished(() => server.close());
    changeEnvironment(shop, { fetch: { allow: [server.url] } });
    const url = `${server.url}/tasks?user={{ recipient.email | url_encode }}`;
    const fetchStep = { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url, response_path: "task" } };
    writeWorkflow(shop, [fetchStep, feed("Task {{ data.task.name }}")]);
    const cases = [
      [{ json: { name: "Ship it" } }, "body: Task Ship it"],
      [{ status: 404 }, "reason: fetch_error"],
    ] as const;
    for (const [response, outcome] of cases) {
      server.respondWith(response);
      await shop.knock(["notify", "fresh", "-r", "ines"]);
      // On a busy machine, a request can time out. Then it is sent again later.
      await eventually(async () => {
        await shop.knock(["clock", "advance", "10m"]);
        const { json } = await shop.knock(["runs", "list", "--workflow", "fresh", "--json"]);
        return (json.items as JsonObject[]).every(({ status }) => status === "completed");
      });
      expect(await convert(shop, await findRun(shop))).toContain(outcome);
      const sent = server.requests.length;
      expect(await test(shop)).toBe("passed");
      expect(server.requests).toHaveLength(sent);
    }
  });

  it("repeats engagement and source events for which a run waited, and says which events it cannot repeat", async ({
    shop,
  }) => {
    const wait = (event: JsonObject, ref: string, more: JsonObject = {}) => ({
      ref,
      type: "wait_for_event",
      settings: { event, expires_after: { unit: "days", value: 1 }, on_match: "continue", on_timeout: "halt", ...more },
    });
    const seen = { event_type: "message", source_type: "workflow", source_key: "fresh", event_key: "seen" };
    writeWorkflow(shop, [
      feed("Hello", { ref: "feed_0" }),
      wait(seen, "wait_1", whenEqual("event.step_ref", "feed_0")),
      wait(
        { event_type: "integration_source", integration_source_key: "shop-system", event_key: "order.packed" },
        "wait_2",
      ),
      feed("Packed"),
      wait({ event_type: "recipient", event_key: "updated" }, "wait_3"),
      feed("{{ recipient.plan }}", { ref: "feed_2" }),
    ]);
    await trigger(shop);
    const { json } = await shop.knock(["messages", "list", "--json"]);
    await shop.knock(["messages", "mark", String((json.items as JsonObject[])[0]?.id), "seen"]);
    const event = { type: "order.packed", id: "e1", customer: { id: "ines" }, order: { number: "1", packer: "Tomas" } };
    await shop.knock(["sources", "send", "shop-system", "--data", JSON.stringify(event)]);
    const text = await convert(shop, await findRun(shop));
    expect(text).toContain("body: Packed");
    for (const action of ["mark:", "event:"]) expect(text).toContain(`- ${action}`);
    expect(await test(shop)).toBe("passed");
    await shop.knock(["users", "set", "ines", "--set", "plan=plus"]);
    const later = await convert(shop, await findRun(shop));
    expect(later).toMatch(/In the run of user-\w+, wait_3 was passed. Here it is waiting./);
    expect(later).toContain("Not complete: an event for which a run waited cannot be repeated (recipient).");
    expect(await test(shop)).toBe("passed");
  });

  it("repeats the runs of another workflow for which a run waited, and failed deliveries", async ({ shop }) => {
    changeEnvironment(shop, {
      channels: { inbox: { type: "in_app_feed" }, texts: { type: "sms", provider: "twilio" } },
    });
    const event = { event_type: "workflow", source_key: "other", event_key: "completed" };
    const settings = {
      event,
      expires_after: { unit: "days", value: 1 },
      on_match: "continue",
      on_timeout: "halt",
      ...whenEqual("event.workflow_key", "other"),
    };
    writeWorkflow(shop, [{ ref: "wait_1", type: "wait_for_event", settings }, feed("Done")]);
    writeWorkflow(shop, [sms("Hi")], "other");
    await trigger(shop);
    const user = JSON.stringify({ id: "ines", phone_number: "+34600000001" });
    await shop.knock(["notify", "other", "-r", user]);
    const text = await convert(shop, await findRun(shop));
    expect(text).toContain("workflow: other");
    expect(text).toContain("body: Done");
    expect(await test(shop)).toBe("passed");
  });

  it("says which recipient or workflow was deleted since", async ({ shop }) => {
    writeWorkflow(shop, [feed("Hello {{ recipient.name }}"), { ...feed("Bye"), ref: "feed_2" }]);
    await trigger(shop, "--actor", "jun");
    const id = await findRun(shop);
    renameSync(shop.path(WORKFLOW_FILE), shop.path("workflow.json"));
    expect(await convert(shop, id)).not.toContain("was deleted since");
    renameSync(shop.path("workflow.json"), shop.path(WORKFLOW_FILE));
    writeWorkflow(shop, [feed("Hello {{ recipient.name }}")]);
    expect(await convert(shop, id)).toContain(
      'The current files differ from those of the run, so this scenario fails. no workflow has the step "feed_2"',
    );
    expect(await test(shop)).not.toBe("passed");
    writeWorkflow(shop, [feed("Hello {{ recipient.name }}"), { ...feed("Bye"), ref: "feed_2" }]);
    await shop.knock(["users", "delete", "jun"]);
    expect(await convert(shop, id)).toMatch(
      /user-\w+ was deleted since. The scenario identifies it with made-up data./,
    );
    expect(await test(shop)).toBe("passed");
    rmSync(shop.path("knock/workflows/fresh/workflow.json"));
    const orphan = await convert(shop, id);
    expect(orphan).toContain('The files no longer have a valid workflow "fresh".');
    expect(orphan.match(/was deleted since/g)).toHaveLength(1);
  });

  it("rejects an unknown run, and --json", async ({ shop }) => {
    await shop.openStore();
    const unknown = await shop.knock(["runs", "show", "8b0f5a7e-0000-4000-8000-000000000000", "--as-scenario"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([5, expect.stringContaining("there is no run")]);
    const json = await shop.knock(["runs", "show", "8b0f5a7e", "--as-scenario", "--json"]);
    expect([json.exitCode, json.error.code]).toEqual([2, "usage"]);
  });
});
