import { describe, expect, it } from "vitest";
import { toGid, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { createUuidV5 } from "../../../src/util/ids.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { describeEngineCases, type EngineCase, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const hello = [step.email("Hi {{ recipient.plan }}")];
const body = (text: string): JsonObject[] => [step.email("S", text)];

const accepted: EngineCase[] = [
  {
    title: "C-001 E-001 E-168 E-204 an email is queued and then sent",
    workflow: hello,
    runs: { ana: "completed: email_1 sent" },
    messages: ["ana mail sent: B"],
    async check(h, outcome) {
      expect(outcome.workflow_run_id).toMatch(UUID_V4);
      const [message] = await h.listMessages();
      expect(message?.content).toMatchObject({ to: "ana@lark.test", subject_line: "Hi pro" });
      expect(message?.events.map(({ type }) => type)).toEqual(["created", "queued", "sent"]);
      expect(h.deliveredMessages.map(({ id, status }) => [id, status])).toEqual([[message?.id, "queued"]]);
    },
  },
  {
    title: "C-002 E-002 E-003 a trigger starts one workflow run with a run for each recipient",
    workflow: hello,
    payload: { recipients: ["ana", "bo"] },
    runs: { ana: "completed: email_1 sent", bo: "completed: email_1 sent" },
    async check(h, outcome) {
      const messages = await h.listMessages();
      expect(messages.map(({ content }) => content.subject_line)).toEqual(["Hi pro", "Hi free"]);
      expect(messages.map((message) => message.workflow_run_id)).toEqual(Array(2).fill(outcome.workflow_run_id));
      expect(messages.map((message) => message.recipient_run_id)).toEqual([
        createUuidV5(outcome.workflow_run_id, "gid://User/ana"),
        createUuidV5(outcome.workflow_run_id, "gid://User/bo"),
      ]);
      expect(getRecipientOutcome(outcome, "bo").recipient_run_id).toBe(messages[1]?.recipient_run_id);
    },
  },
  {
    title: "C-011 E-032 E-192 missing data is an empty object",
    workflow: body("Note: {{ data.note }}."),
    runs: { ana: "completed: email_1 sent" },
    messages: ["ana mail sent: Note: ."],
  },
  {
    title: "C-013 E-074 keys of data are also variables at the top level",
    workflow: body("{{ note }} / {{ data.note }}"),
    payload: { data: { note: "go" } },
    messages: ["ana mail sent: go / go"],
  },
  {
    title: "C-014 E-074 a system variable takes precedence over a key of data",
    workflow: body("{{ recipient.plan }} / {{ data.recipient }}"),
    payload: { data: { recipient: "x" } },
    messages: ["ana mail sent: pro / x"],
  },
  {
    title: "C-015 E-083 a variable keeps its type",
    workflow: body(`{% if vars.flag == true %}on{% endif %}{% if vars.flag == "true" %}str{% endif %}`),
    messages: ["ana mail sent: on"],
  },
  {
    title: "C-016 E-026 a single ID is a list of one",
    workflow: hello,
    payload: { recipients: "ana" },
    runs: { ana: "completed: email_1 sent" },
  },
];

describeEngineCases("A. Trigger and validation: accepted", accepted);

const codeSchema = { type: "object", properties: { code: { type: "string" } } };
const people = (count: number): Json[] => Array.from({ length: count }, (_, index) => ({ id: `p${index}` }));

interface Refused {
  title: string;
  key?: string;
  definition?: JsonObject;
  payload: JsonObject;
  code: string;
  pointer?: string;
}

const refused: Refused[] = [
  {
    title: "C-004 E-017 an unknown workflow is rejected",
    key: "nope",
    payload: { recipients: [{ id: "new" }] },
    code: "workflow_missing",
  },
  {
    title: "C-005 E-018 an inactive workflow is rejected",
    definition: { active: false },
    payload: { recipients: [{ id: "new" }] },
    code: "workflow_inactive",
  },
  {
    title: "C-006 E-030 data that does not match the workflow's schema is rejected",
    definition: { trigger_data_json_schema: codeSchema },
    payload: { recipients: [{ id: "new" }, "ana"], data: { code: 7 } },
    code: "invalid_params",
    pointer: "/data/code",
  },
  {
    title: "C-007 E-031 the schema checks the request's data without $trigger_data",
    definition: { trigger_data_json_schema: { ...codeSchema, required: ["code"] } },
    payload: { recipients: [{ id: "new", $trigger_data: { code: "X1" } }], data: {} },
    code: "invalid_params",
    pointer: "/data/code",
  },
  {
    title: "C-009 E-027 1,001 recipients are rejected",
    payload: { recipients: people(1_001) },
    code: "invalid_params",
    pointer: "/recipients",
  },
  {
    title: "C-010 E-027 an empty list of recipients is rejected",
    payload: { recipients: [] },
    code: "invalid_params",
    pointer: "/recipients",
  },
  {
    title: "C-017 E-028 a payload of 11 MB is rejected",
    payload: { recipients: [{ id: "new" }], data: { blob: "x".repeat(11 * 1024 * 1024) } },
    code: "payload_too_large",
  },
];

describe("A. Trigger and validation: rejected", () => {
  it.each(refused.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      h.define("hello", { steps: hello, ...row.definition });
      const trigger = async () => h.trigger(row.key ?? "hello", row.payload);
      await expect(trigger()).rejects.toMatchObject({
        code: row.code,
        details: row.pointer === undefined ? expect.anything() : [{ pointer: row.pointer }],
      });
      expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
      expect(await h.listMessages()).toEqual([]);
      expect(h.deliveredMessages).toEqual([]);
      expect(await h.recipient("new")).toBeUndefined();
      expect(await h.recipient("p0")).toBeUndefined();
    }),
  );
});

describe("A. Trigger and validation: IDs and limits", () => {
  it.each([
    ["ana", "97ef1b00-7c5c-5d09-9034-9f40ddcf7153"],
    [{ id: "p1", collection: "projects" }, "8e7a93f2-8cbc-5f1d-a987-2aa4e13dc9c7"],
  ])("C-003 E-002 the recipient run ID of %j is derived from its workflow run and recipient", (recipient, id) => {
    expect(createUuidV5("3b0c8f5e-0d52-4c43-9a0c-2a1f6f2d9b10", toGid(toRecipientKey(recipient)))).toBe(id);
  });

  it("C-008 E-027 1,000 recipients are accepted, each with a run", () =>
    withHarness(async (h) => {
      h.define("hello", { steps: hello });
      const outcome = await h.trigger("hello", { recipients: people(1_000) });
      expect(outcome.summary).toMatchObject({ recipients: 1_000, skipped: 1_000, failed: 0 });
      expect(new Set(outcome.recipients?.map((one) => one.recipient_run_id)).size).toBe(1_000);
    }));

  it("C-016 E-026 a single ID is parsed as a list of one", () => {
    const { trigger } = parseTrigger({ recipients: "ana" }, "hello");
    expect(trigger.recipients).toEqual([{ key: "$users/ana", upsert: null, trigger_data: null }]);
  });
});
