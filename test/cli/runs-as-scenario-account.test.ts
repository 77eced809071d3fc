import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { openProjectApi, type ProjectApi } from "../helpers/project-emulator.js";
import { runInProcess } from "../helpers/run-in-process.js";

const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const MAIL = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail" };
const DELAY = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const BATCH = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };
const email = { template: { subject: "For {{ recipient.name }}", html_body: "<p>{{ data.text }}</p>", settings: {} } };
const digest = "{{ total_activities }}: {% for a in activities %}{{ a.n }} {% endfor %}";

const FILES = {
  "knock/workflows/welcome/workflow.json": {
    name: "Welcome",
    steps: [{ ...FEED, template: { markdown_body: "Hello {{ actor.name }}" } }, DELAY, { ...MAIL, ...email }],
  },
  "knock/workflows/digest/workflow.json": {
    name: "Digest",
    steps: [BATCH, { ...FEED, template: { markdown_body: digest } }],
  },
  "knock/recipients/people.json": {
    users: [
      { id: "ada-lovelace", name: "Ada Lovelace", email: "ada@lark.test" },
      {
        id: "bo-derek",
        name: "Bo Derek",
        email: "bo@lark.test",
        preferences: { default: { channel_types: { email: false } } },
      },
    ],
  },
};

describe("knock runs show --as-scenario --remote", () => {
  let api: ProjectApi;
  const ids = new Map<string, string>();

  const knock = (...args: string[]) => runInProcess({ args, cwd: api.project.root, env: {} });
  const convert = (id: string | undefined, ...options: string[]) =>
    knock("runs", "show", String(id), "--as-scenario", "--base-url", api.url, "--api-key", "sk_test_1", ...options);

  beforeAll(async () => {
    api = await openProjectApi(FILES);
    await api.request("POST /__knock/clock", { freeze: new Date(Date.now() - 3 * 3_600_000).toISOString() });
    const trigger = (workflow: string, body: JsonObject) => api.request(`POST /v1/workflows/${workflow}/trigger`, body);
    await trigger("welcome", {
      recipients: ["ada-lovelace", "bo-derek"],
      actor: "bo-derek",
      data: { text: "ask max@other.test" },
    });
    await trigger("digest", { recipients: ["bo-derek"], data: { n: 1 } });
    await api.request("POST /__knock/clock", { advance: "1m" });
    await trigger("digest", { recipients: ["bo-derek"], data: { n: 2 } });
    await api.request("POST /__knock/clock", { advance: "2h" });
    const { body } = await api.request("GET /v1/workflow_recipient_runs");
    for (const { id, workflow, recipient, workflow_run_id } of (body as { items: JsonObject[] }).items) {
      ids.set(`${String(workflow)} ${String(recipient)}`, String(id));
      ids.set(String(workflow), String(workflow_run_id));
    }
  });

  afterAll(() => api.close());

  it.each([
    ["welcome", ["subject: For ", "reason: preference", "- set_time:"]],
    ["welcome ada-lovelace", ["subject: For "]],
    ["welcome bo-derek", ["reason: preference"]],
    ["digest bo-derek", ['body: "2: 1 2"']],
  ])("prints a scenario of %s that passes, without personal data", async (name, parts) => {
    const { stdout, stderr } = await convert(ids.get(name), "--remote");
    expect(stderr).toBe("");
    expect(stdout.match(/^#/gm), stdout).toHaveLength(1);
    for (const part of parts) expect(stdout).toContain(part);
    expect(stdout).not.toMatch(/lovelace|derek|lark\.test|other\.test/i);
    const folder = api.project.path("knock/workflows/welcome");
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/made.test.yaml`, stdout);
    const { exitCode, stdout: report } = await knock("test", "knock/workflows/welcome/made.test.yaml");
    expect(exitCode, report).toBe(0);
  });

  it("rejects an unknown run", async () => {
    const { exitCode, stderr } = await convert("8b0f5a7e-0000-4000-8000-000000000000", "--remote");
    expect([exitCode, stderr]).toEqual([5, expect.stringContaining("there is no run")]);
  });
});
