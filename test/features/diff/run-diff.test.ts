import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { it as base, describe, expect } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { DiffReport } from "../../../src/features/diff/diff-report.js";
import { diffReportSchema } from "../../../src/features/diff/diff-report-schema.js";
import { runDiff } from "../../../src/features/diff/run-diff.js";
import { findProject } from "../../../src/project/find-project.js";
import { openProject } from "../../../src/project/open-project.js";
import { openRemote } from "../../../src/remote/open-remote.js";
import type { JsonObject } from "../../../src/util/json.js";
import { openProjectApi, type ProjectApi, readProjectFiles, SAMPLE_FILES } from "../../helpers/project-emulator.js";
import { type Files, TemporaryProject } from "../../helpers/temporary-project.js";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const HELLO = "knock/workflows/hello/workflow.json";
const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };

/** Compares a project with an account, without waiting between polls. */
class Comparison {
  private constructor(
    readonly api: ProjectApi,
    private readonly local: TemporaryProject,
  ) {}

  /** Starts the account with one project, and opens another one. */
  static async open(files: { account?: Files; local?: Files } = {}): Promise<Comparison> {
    const api = await openProjectApi(files.account ?? {});
    return new Comparison(api, new TemporaryProject({ ...SAMPLE_FILES, ...files.local }));
  }

  async run(
    workflow: string,
    payload: JsonObject,
    { timeoutMs = 30_000, usesProjectRecipients = false } = {},
  ): Promise<DiffReport> {
    const settings = { sandbox_mode: true, skip_delay: true };
    const { trigger } = parseTrigger({ ...payload, settings }, workflow);
    const found = await findProject({ cwd: this.local.root, project: null, knockDir: null });
    if (found === null) throw new Error("the project is not found");
    let slept = 0;
    const sleep = async (milliseconds: number): Promise<void> => {
      slept += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const remote = openRemote({
      now: () => Date.now() + slept,
      sleep,
      baseUrl: this.api.url,
      apiKey: "sk_test",
      branch: null,
      timeoutMs: 60_000,
      userAgent: "knock-cli/test",
      loadResources: () => import("../../../src/remote/resources/create-remote-resources.js"),
    });
    try {
      const report = await runDiff(
        trigger,
        { idempotencyKey: null, timeoutMs, usesProjectRecipients },
        {
          project: openProject(found, this.local.root),
          remote,
          io: { sleep, env: {}, signal: new AbortController().signal },
          warn: () => {},
          setProgress: () => {},
        },
      );
      expect(diffReportSchema.safeParse(report)).toMatchObject({ success: true });
      return report;
    } finally {
      await remote.close();
    }
  }

  async close(): Promise<void> {
    await this.api.close();
    this.local.remove();
  }
}

const it = base.extend<{ compare: (files?: { account?: Files; local?: Files }) => Promise<Comparison> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  compare: async ({}, use) => {
    const opened: Comparison[] = [];
    await use(async (files) => {
      const comparison = await Comparison.open(files);
      opened.push(comparison);
      return comparison;
    });
    for (const comparison of opened) await comparison.close();
  },
});

/** Returns the workflow hello with changes of its only step. */
const buildHello = (changes: JsonObject): Files => ({ [HELLO]: { name: "Hello", steps: [{ ...FEED, ...changes }] } });

const TEMPLATE = { template: { markdown_body: "Hi {{ n }}" } };
const PAYLOAD = { recipients: ["ada", "bo"], data: { n: 1 } };
const EQUAL_RUNS = {
  remote: { status: "completed", reason: null },
  local: { status: "completed", reason: null },
};
const NO_MESSAGES = { remote_only: [], local_only: [], changed: [] };

describe("runDiff", () => {
  it.for(["collab", "ops", "shop"])("finds no differences for the payloads of %s", async (name, { compare }) => {
    const files = readProjectFiles(join(FIXTURES, name));
    const comparison = await compare({ account: files, local: files });
    const folder = join(FIXTURES, name, "payloads");
    let compared = 0;
    for (const file of readdirSync(folder).filter((entry) => /^(?!.*invalid).*\.json$/.test(entry))) {
      const payload = JSON.parse(readFileSync(join(folder, file), "utf8")) as JsonObject;
      const workflow = String(payload.key ?? basename(file, ".json"));
      // Other payloads are events of sources.
      if (payload.recipients === undefined) continue;
      const { recipients, summary } = await comparison.run(workflow, payload);
      expect({ file, recipients }).toEqual({ file, recipients: [] });
      compared += summary.recipients;
    }
    expect(compared).toBeGreaterThan(0);
  });

  it("reports a changed template for each recipient, and nothing else", async ({ compare }) => {
    const comparison = await compare({ local: buildHello({ template: { markdown_body: "Hello {{ n }}" } }) });
    const { recipients, summary } = await comparison.run("hello", PAYLOAD);
    const message = { step: "feed_1", channel: { key: "feed", type: "in_app_feed" }, tenant: null };
    expect(recipients).toEqual(
      ["ada", "bo"].map((recipient) => ({
        recipient,
        ...EQUAL_RUNS,
        steps: [],
        ...NO_MESSAGES,
        changed: [
          {
            remote: { ...message, message_id: expect.any(String), title: "Hi 1" },
            local: { ...message, message_id: null, title: "Hello 1" },
            fields: [{ field: "blocks[0].rendered", remote: "<p>Hi 1</p>", local: "<p>Hello 1</p>" }],
          },
        ],
      })),
    );
    expect(summary).toEqual({
      recipients: 2,
      different: 2,
      steps: 0,
      equal: 0,
      changed: 2,
      remote_only: 0,
      local_only: 0,
    });
  });

  it("reports a changed condition with both outcomes and the message of one side", async ({ compare }) => {
    const conditions = { all: [{ variable: "recipient.id", operator: "equal_to", argument: "bo" }] };
    const comparison = await compare({ local: buildHello({ ...TEMPLATE, conditions }) });
    const { recipients } = await comparison.run("hello", PAYLOAD);
    expect(recipients).toMatchObject([
      {
        recipient: "ada",
        ...EQUAL_RUNS,
        steps: [
          {
            ref: "feed_1",
            remote: { outcome: "sent", reason: null },
            local: { outcome: "skipped", reason: { code: "condition" } },
          },
        ],
        ...NO_MESSAGES,
        remote_only: [{ step: "feed_1", title: "Hi 1", content: expect.anything() }],
      },
    ]);
  });

  it("reports a recipient that only the recipients files have", async ({ compare }) => {
    const comparison = await compare({
      account: { "knock/recipients/people.json": { users: [{ id: "ada", email: "ada@lark.test" }] } },
    });
    const { recipients } = await comparison.run("hello", PAYLOAD);
    expect(recipients).toMatchObject([
      {
        recipient: "bo",
        remote: { status: null, reason: { code: "recipient_not_found" } },
        local: { status: "completed", reason: null },
        local_only: [{ title: "Hi 1" }],
      },
    ]);
  });

  it("uses the preferences, addresses and subscriptions of the account on both sides", async ({ compare }) => {
    const comparison = await compare({
      account: {
        "knock/recipients/people.json": {
          users: [{ id: "ada", preferences: { default: { workflows: { hello: false } } } }, { id: "bo" }, { id: "cy" }],
          objects: [{ collection: "projects", id: "p1", name: "Apollo" }],
          subscriptions: [{ object: { collection: "projects", id: "p1" }, recipient: "cy" }],
        },
      },
    });
    const users = await comparison.run("hello", PAYLOAD);
    expect(users).toMatchObject({ recipients: [], summary: { recipients: 2, equal: 1 } });
    // Bo's address is missing on the account.
    expect((await comparison.run("letter", PAYLOAD)).recipients).toEqual([]);
    const object = await comparison.run("hello", { ...PAYLOAD, recipients: [{ collection: "projects", id: "p1" }] });
    expect(object).toMatchObject({ recipients: [], summary: { recipients: 2, equal: 2 } });
  });

  it("reports other preferences on the account if the local run uses the recipients files", async ({ compare }) => {
    const ada = { id: "ada", email: "ada@lark.test", preferences: { default: { workflows: { hello: false } } } };
    const account = { "knock/recipients/people.json": { users: [ada, { id: "bo", email: "bo@lark.test" }] } };
    const comparison = await compare({ account });
    const { recipients } = await comparison.run("hello", PAYLOAD, { usesProjectRecipients: true });
    expect(recipients).toMatchObject([
      {
        recipient: "ada",
        ...EQUAL_RUNS,
        steps: [
          {
            ref: "feed_1",
            remote: { outcome: "skipped", reason: { code: "preference" } },
            local: { outcome: "sent", reason: null },
          },
        ],
        ...NO_MESSAGES,
        local_only: [{ step: "feed_1", title: "Hi 1" }],
      },
    ]);
  });

  it("reports default preferences that the account does not have", async ({ compare }) => {
    const environment = { preferences: { default: { channel_types: { in_app_feed: false } } } };
    const comparison = await compare({ local: { "knock/environment.json": environment } });
    const { recipients } = await comparison.run("hello", { ...PAYLOAD, recipients: ["ada"] });
    expect(recipients).toMatchObject([
      {
        recipient: "ada",
        steps: [{ remote: { outcome: "sent" }, local: { outcome: "skipped", reason: { code: "preference" } } }],
      },
    ]);
  });

  it("reports renamed steps without calling their messages different", async ({ compare }) => {
    const comparison = await compare({ local: buildHello({ ...TEMPLATE, ref: "feed_2" }) });
    const { recipients, summary } = await comparison.run("hello", { ...PAYLOAD, recipients: ["ada"] });
    expect(recipients).toMatchObject([
      {
        steps: [
          { ref: "feed_1", local: null },
          { ref: "feed_2", remote: null },
        ],
        ...NO_MESSAGES,
      },
    ]);
    expect(summary).toMatchObject({ steps: 2, equal: 1 });
  });

  it("ignores links with generated IDs, whose hosts differ", async ({ compare }) => {
    const letter = (html_body: string): Files => ({
      "knock/workflows/letter/workflow.json": {
        name: "Letter",
        settings: { is_commercial: true },
        steps: [
          {
            ref: "email_1",
            type: "channel",
            channel_type: "email",
            channel_key: "mail",
            template: { subject: "Hi", html_body, settings: {} },
          },
        ],
      },
    });
    const files = letter(
      '<a href="{{ vars.commercial_unsubscribe_url }}">Stop</a> {{ "now" | date: "%Y-%m-%dT%H:%M:%SZ" }}',
    );
    const tracking = { "knock/environment.json": { tracking: { base_url: "https://t.lark.test" } } };
    const comparison = await compare({ account: files, local: { ...files, ...tracking } });
    const { recipients, summary } = await comparison.run("letter", PAYLOAD);
    expect(recipients).toEqual([]);
    expect(summary.equal).toBe(2);
  });

  it("compares the state at the end of the wait if the account has not finished", async ({ compare }) => {
    const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };
    const files = { [HELLO]: { name: "Hello", steps: [batch, { ...FEED, ...TEMPLATE }] } };
    const comparison = await compare({ account: files, local: files });
    const report = await comparison.run("hello", PAYLOAD, { timeoutMs: 5_000 });
    expect(report).toMatchObject({ timed_out: true, recipients: [], summary: { recipients: 2, equal: 0 } });
  });

  it("notes steps whose effects on the account are not compared", async ({ compare }) => {
    const steps = [
      {
        ref: "update_1",
        type: "update_user",
        settings: { recipient_mode: "current", update_properties: '{ "plan": "pro" }' },
      },
      { ref: "next_1", type: "trigger_workflow", settings: { workflow_key: "letter" } },
    ];
    const files = { [HELLO]: { name: "Hello", steps } };
    const comparison = await compare({ account: files, local: files });
    const { recipients, notes } = await comparison.run("hello", PAYLOAD);
    expect(recipients).toEqual([]);
    expect(notes).toEqual([
      "data that steps change is also changed on the account, and is not compared: update_1",
      "the runs of workflows that steps trigger are not compared: next_1",
    ]);
  });

  it("notes recipients that neither side knows", async ({ compare }) => {
    const comparison = await compare();
    const { recipients, notes } = await comparison.run("hello", { ...PAYLOAD, recipients: ["nobody", "ada"] });
    expect(recipients).toEqual([]);
    expect(notes).toEqual(["recipients that were never identified on either side cannot be compared: nobody"]);
  });

  it("sends nothing if the project rejects the trigger", async ({ compare }) => {
    const trigger_data_json_schema = { type: "object", required: ["n"] };
    const strict = { [HELLO]: { name: "Hello", trigger_data_json_schema, steps: [{ ...FEED, ...TEMPLATE }] } };
    const comparison = await compare({ local: strict });
    await expect(comparison.run("hello", { recipients: ["ada"] })).rejects.toMatchObject({ code: "invalid_params" });
    const { body } = await comparison.api.request("GET /v1/workflow_recipient_runs");
    expect(body.items).toEqual([]);
  });
});
