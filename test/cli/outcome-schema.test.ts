import { readFileSync } from "node:fs";
import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { DELIVERY_STATUSES } from "../../src/domain/message/message.js";
import { REASONS } from "../../src/domain/run/reasons.js";
import { RUN_STATUSES } from "../../src/domain/run/run-status.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { closeSchema } from "../helpers/output-schemas.js";
import { inProcessTest as sampleTest } from "../helpers/run-in-process.js";
import { type CommandResult, formatOutcome } from "../helpers/run-knock.js";
import { startStubApi } from "../helpers/stub-api.js";

const published = readFileSync(new URL("../../docs/outcome.schema.json", import.meta.url), "utf8");
/** The published schema allows new fields; the closed one finds fields that it does not declare. */
const schema = closeSchema(JSON.parse(published) as Json) as Schema & {
  $defs: Record<string, { properties: Record<string, Schema> }>;
};
const validator = new Validator(schema, "2020-12", false);

/** Returns the schema's findings as text. */
function faults(document: unknown): string[] {
  return validator.validate(document).errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`);
}

const SEND = ["notify", "new-comment", "-r", "ada,grace", "--set", "page=Home", "--json"];

describe("docs/outcome.schema.json", () => {
  it("contains the reasons of the code and the statuses; new ones must be added to both", () => {
    const getEnum = (name: string, property: string) => schema.$defs[name]?.properties[property]?.enum;
    expect(getEnum("reason", "code")).toEqual(Object.keys(REASONS));
    expect(getEnum("recipient_outcome", "status")).toEqual([...RUN_STATUSES, null]);
    expect(getEnum("step_outcome", "message_status")).toEqual([...DELIVERY_STATUSES, null]);
  });

  const sound = {
    workflow_run_id: "05f8a70d-e42a-46dc-86fa-aada5752f6cf",
    workflow: "w",
    target: "local",
    cancellation_key: null,
    recipients: [
      {
        recipient: "ada",
        recipient_run_id: "r",
        status: "paused",
        steps: [{ ref: "d", type: "delay", outcome: "waiting", reason: null, until: null }],
      },
    ],
    summary: { recipients: 1, messages: 0, sent: 0, skipped: 0, waiting: 1, failed: 0, cancelled: 0 },
  };
  const entry = (more: JsonObject) => ({ ...sound, recipients: [{ ...sound.recipients[0], ...more }] });
  const step = (more: JsonObject) =>
    entry({ steps: [{ ref: "s", type: "channel", message_id: "m", reason: null, ...more }] });

  it("accepts the examples of the contract", () => {
    expect(faults(sound)).toEqual([]);
    expect(faults(step({ outcome: "sent", channel_type: "email", channel: "x", message_status: "sent" }))).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ["a UUID that is not v4", { ...sound, workflow_run_id: "05f8a70d-e42a-56dc-86fa-aada5752f6cf" }],
    ["an unknown key", { ...sound, replayed: true }],
    ["a missing summary", { ...sound, summary: null }],
    ["missing recipients of a local target", { ...sound, recipients: null, summary: null }],
    ["a missing count", { ...sound, summary: { ...sound.summary, sent: -1 } }],
    ["an unknown reason", step({ outcome: "skipped", reason: { code: "mood", detail: null } })],
    ["a skip without a reason", step({ outcome: "skipped", message_id: null })],
    ["a sent step without a message", step({ outcome: "sent", message_id: null })],
    ["a wait without until", entry({ steps: [{ ref: "d", type: "delay", outcome: "waiting", reason: null }] })],
    [
      "a delay with a message",
      entry({ steps: [{ ref: "d", type: "delay", outcome: "passed", reason: null, message_id: "m" }] }),
    ],
    ["an unknown status", entry({ status: "done" })],
    ["a missing run without a reason", entry({ recipient_run_id: null, status: null, steps: [] })],
    ["an object without collection", entry({ recipient: { id: "p1" } })],
  ])("rejects %s", (_name, document) => {
    expect(faults(document)).not.toEqual([]);
  });
});

describe.concurrent("printed outcomes match the schema", () => {
  function check({ outcome, stderr }: CommandResult, words: RegExp): void {
    expect(faults(outcome), stderr).toEqual([]);
    expect(formatOutcome(outcome).join("\n")).toMatch(words);
  }

  sampleTest("when waiting, then ended, then canceled, by notify and runs show", async ({ collab }) => {
    const started = await collab.knock([...SEND, "--cancellation-key", "c1"]);
    check(started, /delay_1 waiting/);
    const show = ["runs", "show", started.outcome.workflow_run_id, "--json"];
    await collab.knock(["cancel", "new-comment", "c1", "-r", "grace"]);
    check(await collab.knock(show), /grace cancelled: in_app_feed_1 sent, delay_1 cancelled \(cancelled\)/);
    await collab.knock(["clock", "advance", "1h"]);
    check(await collab.knock(show), /ada completed: .*email_1 skipped \(preference\)/);
  });

  sampleTest("when unidentified, stopped, reached through an object, or failed", async ({ collab }) => {
    check(
      await collab.knock([...SEND.slice(0, 2), "-r", "nobody,ada", ...SEND.slice(4)]),
      /nobody null: \(recipient_not/,
    );
    const news = ["notify", "product-news", "-r", "alan", "--set", "headline=H", "--set", "summary=S", "--json"];
    check(await collab.knock(news), /^alan completed: \(condition\)$/);
    const shared = await collab.knock([
      "notify",
      "page-shared",
      "--object",
      "projects/p1",
      "--set",
      "page=x",
      "--json",
    ]);
    check(shared, /projects\/p1 completed/);
    collab.write("knock/workflows/broken/workflow.json", {
      name: "Broken",
      steps: [
        {
          ref: "sms_1",
          type: "channel",
          channel_type: "sms",
          channel_key: "sms",
          template: { text_body: "{% for i in (1..99999999) %}x{% endfor %}" },
        },
      ],
    });
    check(await collab.knock(["notify", "broken", "-r", "grace", "--json"]), /sms_1 failed \(render_error\)/);
  });

  sampleTest("for every sample payload of both projects", async ({ collab, ops }) => {
    for (const sample of [collab, ops]) {
      const { documents, exitCode } = await sample.knock(["notify", "--file", "payloads/triggers.jsonl", "--json"]);
      expect(exitCode).toBe(0);
      expect(documents.map(faults)).toEqual(documents.map(() => []));
      const ids = documents.map(({ workflow_run_id }) => String(workflow_run_id));
      expect((await sample.knock(["clock", "advance", "5w"])).exitCode).toBe(0);
      for (const id of ids) expect(faults((await sample.knock(["runs", "show", id, "--json"])).json)).toEqual([]);
    }
    for (const name of ["incident", "incident-closed", "maintenance-reminder"])
      expect(faults((await ops.knock(["notify", "--file", `payloads/${name}.json`, "--json"])).json)).toEqual([]);
  });

  sampleTest("for the remote target without further details", async ({ collab }) => {
    const api = await startStubApi();
    api.expect({
      method: "POST",
      path: "/v1/workflows/new-comment/trigger",
      body: { recipients: ["ada", "grace"], data: { page: "Home" } },
      reply: { json: { workflow_run_id: "6f1f0f3e-0000-4000-8000-0000000000bb" } },
    });
    const env = { KNOCK_API_KEY: api.apiKey, KNOCK_BASE_URL: api.url };
    const { outcome } = await collab.knock([...SEND, "--remote"], { env });
    await api.finish();
    expect(faults(outcome)).toEqual([]);
    expect(outcome.recipients).toBeNull();
  });
});
