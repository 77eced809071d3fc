import { rmSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
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
const DELAY = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const BATCH = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };
const ofPlus = { conditions: { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "plus" }] } };
const STEPS = [
  feed("{{ data.page }}"),
  DELAY,
  feed("Later {{ data.page }}", { ref: "feed_2" }),
  feed("Plus", { ref: "feed_3", ...ofPlus }),
];

function writeWorkflow(sample: Sample, steps: JsonObject[], more: JsonObject = {}): void {
  sample.write("knock/workflows/fresh/workflow.json", { name: "fresh", steps, ...more });
}

async function trigger(sample: Sample, ...options: string[]): Promise<string> {
  await sample.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
  const { exitCode, stderr, json } = await sample.knock(["notify", "fresh", "-r", "ines", ...options, "--json"]);
  expect(exitCode, stderr).toBe(0);
  return String(json.workflow_run_id);
}

async function rerun(sample: Sample, id: string, ...options: string[]) {
  const result = await sample.knock(["runs", "rerun", id, "--json", ...options]);
  const { exitCode, stdout } = result;
  return stdout === ""
    ? { exitCode, report: {} as JsonObject, code: result.error.code }
    : { exitCode, report: result.json, code: null };
}

describe.concurrent("knock runs rerun", () => {
  it("finds no difference, writes nothing, and shows what a change of the data does", async ({ shop }) => {
    writeWorkflow(shop, STEPS);
    const id = await trigger(shop, "--set", "page=Home");
    await shop.knock(["clock", "advance", "1h"]);
    const digest = shop.storeDigest();
    const same = await rerun(shop, id);
    expect([same.exitCode, same.report.steps, same.report.recipients]).toEqual([0, [], []]);
    expect(same.report.summary).toMatchObject({ equal: 2, before: 2, after: 2 });
    const changed = await rerun(shop, id, "--data", '{"page":"Docs"}');
    expect([changed.exitCode, changed.report.steps]).toEqual([1, []]);
    expect(changed.report.summary).toMatchObject({ changed: 2, equal: 0 });
    const text = await shop.knock(["runs", "rerun", id, "--set", "page=Docs"]);
    expect(text.stdout).toMatch(/- <p>Home<\/p>\n\s+\+ <p>Docs<\/p>/);
    expect(shop.storeDigest()).toBe(digest);
  });

  it("changes properties of the recipient, skips delays, and uses other files", async ({ shop }) => {
    writeWorkflow(shop, STEPS);
    const id = await trigger(shop, "--set", "page=Home");
    await shop.knock(["clock", "advance", "1h"]);
    const plus = await rerun(shop, id, "--recipient-set", "plan=plus");
    expect(plus.report.steps).toEqual([
      {
        recipient: "ines",
        step: "feed_3",
        before: { outcome: "skipped", reason: "condition", branch: null },
        after: { outcome: "sent", reason: null, branch: null },
      },
    ]);
    expect(plus.report.summary).toMatchObject({ gained: 1, equal: 2 });
    const skipping = await rerun(shop, id, "--skip-delay");
    expect(skipping.report.steps).toMatchObject([{ step: "delay_1", after: { reason: "skip_delay" } }]);
    expect(skipping.report.summary).toMatchObject({ gained: 0, lost: 0, changed: 0, equal: 2 });
    await shop.shell("git init -q && git add -A && git -c user.name=a -c user.email=a@b.test commit -qm one");
    writeWorkflow(shop, [feed("{{ data.page }}")]);
    expect((await rerun(shop, id)).report.steps).toMatchObject([
      { step: "delay_1", after: null },
      { step: "feed_2", after: null },
      { step: "feed_3", after: null },
    ]);
    const old = await rerun(shop, id, "--against", "HEAD");
    expect([old.exitCode, old.report.steps]).toEqual([0, []]);
  });

  it("starts at a step, with the data and the messages of the steps before it", async ({ shop }) => {
    const seen = {
      conditions: {
        all: [{ variable: "refs.feed_1.engagement_status", operator: "contains", argument: "$message.seen" }],
      },
    };
    writeWorkflow(shop, [feed("First"), DELAY, feed("Later {{ data.page }}", { ref: "feed_2", ...seen })]);
    const id = await trigger(shop, "--set", "page=Home");
    const { json } = await shop.knock(["messages", "list", "--json"]);
    await shop.knock(["messages", "mark", String((json.items as JsonObject[])[0]?.id), "seen"]);
    await shop.knock(["clock", "advance", "1h"]);
    for (const step of ["feed_1", "delay_1", "feed_2"]) {
      const { exitCode, report } = await rerun(shop, id, "--from", step);
      expect([step, exitCode, report.steps, report.recipients]).toEqual([step, 0, [], []]);
    }
    const changed = await rerun(shop, id, "--from", "feed_2", "--set", "page=Docs");
    expect(changed.report.summary).toMatchObject({ before: 1, after: 1, changed: 1 });
  });

  it("repeats a batch with 80 activities, and refuses a larger one", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, feed("{{ total_activities }}")]);
    await shop.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    for (const count of [80, 81]) {
      const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ recipients: ["ines"], data: { n } }));
      shop.write("triggers.jsonl", lines.join("\n"));
      await shop.knock(["notify", "fresh", "--file", "triggers.jsonl"]);
      await shop.knock(["clock", "advance", "1h"]);
    }
    const { json } = await shop.knock(["messages", "list", "--json"]);
    const [large, small] = (json.items as JsonObject[]).map((message) =>
      String((message.source as JsonObject).workflow_run_id ?? message.workflow_run_id),
    );
    expect(await rerun(shop, small as string)).toMatchObject({ exitCode: 0, report: { summary: { equal: 1 } } });
    const refused = await shop.knock(["runs", "rerun", large as string]);
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringContaining("the batch had 81 activities")]);
  });

  it("continues at a step with the data that the run had then", async ({ shop }) => {
    const add = (ref: string): JsonObject => ({
      ref,
      type: "update_data",
      settings: { data: '{"n": {{ data.n | plus: 1 }}}' },
    });
    writeWorkflow(shop, [
      feed("{{ data.n }}"),
      add("update_1"),
      feed("{{ data.n }}", { ref: "feed_2" }),
      add("update_2"),
      feed("{{ data.n }}", { ref: "feed_3" }),
    ]);
    const id = await trigger(shop, "--set", "n:=1");
    for (const step of ["feed_1", "update_1", "feed_2", "update_2", "feed_3"]) {
      const { exitCode, report } = await rerun(shop, id, "--from", step);
      expect([step, exitCode, report.steps, report.notes]).toEqual([step, 0, [], []]);
    }
  });

  it("keeps the result as a new run in sandbox mode, which names the original", async ({ shop }) => {
    writeWorkflow(shop, STEPS);
    const id = await trigger(shop, "--set", "page=Home");
    await shop.knock(["clock", "advance", "1h"]);
    const kept: string[] = [];
    for (const options of [["--set", "page=Docs"], [], ["--from", "feed_2"]]) {
      const { report } = await rerun(shop, id, "--keep", ...options);
      kept.push(String(report.kept_workflow_run_id));
    }
    expect(new Set([id, ...kept]).size).toBe(4);
    const { json } = await shop.knock(["runs", "list", "--json"]);
    expect((json.items as JsonObject[]).map(({ trigger_source }) => trigger_source)).toEqual([
      ...Array.from({ length: 3 }, () => ({ type: "rehearsal", rerun_of: id })),
      { type: "api" },
    ]);
    const messages = await shop.knock(["messages", "list", "--json"]);
    expect((messages.json.items as JsonObject[]).map(({ status }) => status).slice(0, 6)).toEqual(
      Array.from({ length: 6 }, () => "not_sent"),
    );
    const recipientRun = String((json.items as JsonObject[])[0]?.id);
    expect((await shop.knock(["runs", "show", recipientRun])).stdout).toContain(`started by a rerun of ${id}`);
  });

  it("compares a run in progress until now, and a run that joined a batch with all activities", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, feed("{{ total_activities }}")]);
    const first = await trigger(shop);
    await trigger(shop);
    const waiting = await rerun(shop, first);
    expect([waiting.exitCode, waiting.report.summary]).toEqual([0, expect.objectContaining({ before: 0, after: 0 })]);
    await shop.knock(["clock", "advance", "1h"]);
    const ended = await rerun(shop, first);
    expect([ended.exitCode, ended.report.summary]).toEqual([0, expect.objectContaining({ equal: 1 })]);
  });

  it("continues after a batch with its activities as they were", async ({ shop }) => {
    const items = feed(
      "{% for item in activities %}{{ item.actor.name }} {{ item.n }};{% endfor %} {{ total_actors }}",
    );
    writeWorkflow(shop, [BATCH, items, feed("{{ data.page }}", { ref: "feed_2" })]);
    const id = await trigger(shop, "--actor", "tomas", "--set", "n=1", "--set", "page=Home");
    await trigger(shop, "--actor", "ines", "--set", "n=2", "--set", "page=Docs");
    await shop.knock(["clock", "advance", "1h"]);
    for (const step of ["feed_1", "feed_2"]) {
      const { exitCode, report } = await rerun(shop, id, "--from", step);
      expect([step, exitCode, report.steps, report.recipients]).toEqual([step, 0, [], []]);
    }
    const changed = await rerun(shop, id, "--from", "feed_1", "--set", "page=Blog");
    expect(changed.report.summary).toMatchObject({ before: 2, equal: 1, changed: 1 });
  });

  it("refuses a step between two batches", async ({ shop }) => {
    writeWorkflow(shop, [BATCH, feed("Hello"), { ...BATCH, ref: "batch_2" }, feed("Bye", { ref: "feed_2" })]);
    const id = await trigger(shop);
    await shop.knock(["clock", "advance", "3h"]);
    expect((await rerun(shop, id, "--from", "feed_2")).exitCode).toBe(0);
    const { exitCode, stderr } = await shop.knock(["runs", "rerun", id, "--from", "feed_1"]);
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('"feed_1" is between two batches')]);
  });

  it("runs the other recipients of a trigger again when one was deleted, whose own run is unknown then", async ({
    shop,
  }) => {
    writeWorkflow(shop, STEPS);
    const id = await trigger(shop, "-r", "tomas", "--set", "page=Home");
    const { items } = (await shop.knock(["runs", "list", "--json"])).json;
    const own = (items as JsonObject[]).find(({ recipient }) => recipient === "ines");
    await shop.knock(["clock", "advance", "1h"]);
    await shop.knock(["users", "delete", "ines", "--yes"]);
    const { exitCode, report } = await rerun(shop, id);
    expect([exitCode, report.steps, report.summary]).toEqual([0, [], expect.objectContaining({ before: 2, after: 2 })]);
    expect(await rerun(shop, String(own?.id))).toMatchObject({ exitCode: 5, code: "resource_missing" });
  });

  it("shows a step that the files no longer have as a difference, and cannot start there", async ({ shop }) => {
    writeWorkflow(shop, STEPS);
    const id = await trigger(shop, "--set", "page=Home");
    await shop.knock(["clock", "advance", "1h"]);
    writeWorkflow(shop, STEPS.slice(0, 2));
    const { exitCode, report } = await rerun(shop, id);
    expect([exitCode, report.steps]).toEqual([
      1,
      expect.arrayContaining([expect.objectContaining({ recipient: "ines", step: "feed_2", after: null })]),
    ]);
    expect(report.summary).toMatchObject({ lost: 1, equal: 1 });
    const { exitCode: code, stderr } = await shop.knock(["runs", "rerun", id, "--from", "feed_2"]);
    expect([code, stderr]).toEqual([5, expect.stringContaining('--from: the files no longer have the step "feed_2"')]);
  });

  it("rejects unknown runs and steps, data against the schema, and the account", async ({ shop }) => {
    const schema = { type: "object", properties: { page: { type: "string" } } };
    writeWorkflow(shop, STEPS, { trigger_data_json_schema: schema });
    const id = await trigger(shop, "--set", "page=Home");
    const cases: [expected: unknown[], args: string[]][] = [
      [[5, "resource_missing", expect.anything()], ["8b0f5a7e-0000-4000-8000-000000000000"]],
      [
        [5, "resource_missing", 'Did you mean "feed_1"?'],
        [id, "--from", "fed_1"],
      ],
      [
        [5, "resource_missing", expect.stringContaining("feed_1")],
        [id, "--from", "feed_3"],
      ],
      [
        [2, "invalid_params", expect.anything()],
        [id, "--set", "page:=1"],
      ],
      [
        [2, "usage", expect.anything()],
        [id, "--set", "page"],
      ],
      [
        [3, "not_supported", expect.anything()],
        [id, "--remote"],
      ],
    ];
    for (const [expected, args] of cases) {
      const { exitCode, error } = await shop.knock(["runs", "rerun", "--json", ...args]);
      expect([exitCode, error.code, error.hint], args.join(" ")).toEqual(expected);
    }
    rmSync(shop.path("knock/workflows/fresh/workflow.json"));
    expect((await shop.knock(["runs", "rerun", id])).exitCode).toBe(5);
  });
});
