import { describe, expect, it } from "vitest";
import type { TriggerOutcome } from "../../../src/domain/run/outcome.js";
import { cohortSlot } from "../../../src/engine/steps/random-cohort.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { bodyOf, messageInWords, runsInWords, withHarness } from "../../helpers/engine-case.js";
import { type EngineHarness, HOUR, step, when } from "../../helpers/engine-harness.js";

const words = (outcome: TriggerOutcome) => runsInWords(outcome).ana;
const bodies = async (h: EngineHarness) => (await h.messages()).map(bodyOf);

function triggerStep(settings: JsonObject = {}): JsonObject {
  return { ref: "trigger_1", type: "trigger_workflow", settings: { workflow_key: "child", ...settings } };
}

describe("20. Trigger workflow step", () => {
  const child = (body = "{{ recipient.id }} {{ data.n }}") => ({ steps: [step.email("S", body)] });

  it("E-315 E-320: once per recipient run, a workflow run of its own each; the parent goes on", () =>
    withHarness(async (h) => {
      h.define("child", { steps: [step.delay("hours", 1), step.email("S", "child {{ data.n }}")] });
      h.define("parent", { steps: [triggerStep(), step.email("S", "parent")] });
      const outcome = await h.trigger("parent", { recipients: ["ana", "bo"], data: { n: 7 } });
      expect(words(outcome)).toBe("completed: trigger_1 passed, email_1 sent");
      expect(await bodies(h)).toEqual(["parent", "parent"]);
      const runs = (await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 })).items;
      expect(new Set(runs.map((run) => run.workflow_run_id)).size).toBe(2);
      expect(runs.map((run) => run.trigger_source)).toEqual([{ type: "workflow_step" }, { type: "workflow_step" }]);
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["parent", "parent", "child 7", "child 7"]);
    }));

  it("E-024: the target's newest version runs", () =>
    withHarness(async (h) => {
      h.define("child", child("old"));
      h.define("parent", { steps: [step.delay("hours", 1), triggerStep()] });
      await h.trigger("parent", { recipients: ["ana"] });
      h.define("child", child("new"));
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["new"]);
    }));

  it.each<[string, (h: EngineHarness) => unknown]>([
    ["inactive", (h) => Object.assign(h.environment.active, { child: false })],
    ["gone", (h) => h.workflows.delete("child")],
  ])("E-317: a target that is %s skips the step", (_title, change) =>
    withHarness(async (h) => {
      h.define("child", child());
      h.define("parent", { steps: [triggerStep(), step.email("S", "parent")] });
      await change(h);
      const outcome = await h.trigger("parent", { recipients: ["ana"] });
      expect(words(outcome)).toBe("completed: trigger_1 skipped workflow_unavailable, email_1 sent");
      expect(await bodies(h)).toEqual(["parent"]);
    }),
  );

  it.each<[string, JsonObject]>([
    ["a template that fails", { data: '{ "n": "{{ data.n | divided_by: 0 }}" }' }],
    ["data that is no JSON", { data: "n" }],
    ["data against the target's schema", { data: '{ "n": "text" }' }],
    ["no recipients", { recipients: "{{ data.nobody }}" }],
  ])("E-318: %s fails the step", (_title, settings) =>
    withHarness(async (h) => {
      const schema = { type: "object", properties: { n: { type: "number" } } };
      h.define("child", { ...child(), trigger_data_json_schema: schema });
      h.define("parent", { steps: [triggerStep(settings), step.email()] });
      const outcome = await h.trigger("parent", { recipients: ["ana"] });
      expect(words(outcome)).toBe("completed: trigger_1 failed render_error");
      expect(await bodies(h)).toEqual([]);
    }),
  );

  it("E-318 TQ-3: a target whose templates are at fault fails the step, and holds up nothing else", () =>
    withHarness(async (h) => {
      h.define("child", { steps: [step.email("S", "{{ data.n | nope }}")] });
      h.define("parent", { steps: [triggerStep(), step.email()] });
      h.define("good", { steps: [step.delay("minutes", 1), step.email("S", "good")] });
      await h.trigger("good", { recipients: ["ana"] });
      const outcome = await h.trigger("parent", { recipients: ["ana"] });
      expect(words(outcome)).toBe("completed: trigger_1 failed render_error");
      expect(outcome.recipients?.[0]?.steps[0]?.reason?.detail).toContain(
        'workflow "child", step email_1: steps[0].template.html_body, line 1, column 13: unknown filter: nope',
      );
      await h.at(60_000);
      expect(await bodies(h)).toEqual(["good"]);
    }));

  it("E-319 E-362: cancelled before the step nothing is triggered; after it the nested run needs its own call", () =>
    withHarness(async (h) => {
      h.define("child", { steps: [step.delay("hours", 1), step.email("S", "child")] });
      h.define("parent", { steps: [step.delay("hours", 1), triggerStep(), step.delay("hours", 5, {}, "delay_2")] });
      const payload = (cancellation_key: string) => ({ recipients: ["ana"], cancellation_key });
      await h.trigger("parent", payload("before"));
      await h.cancel("parent", "before");
      await h.at(HOUR);
      expect((await h.engine.listRecipientRuns({ workflow: "child" }, { limit: 10 })).items).toEqual([]);
      await h.trigger("parent", payload("after"));
      await h.trigger("parent", payload("both"));
      await h.at(2 * HOUR);
      await h.cancel("parent", "after");
      await h.cancel("parent", "both");
      await h.cancel("child", "both");
      await h.at(4 * HOUR);
      expect(await bodies(h)).toEqual(["child"]);
    }));

  it.each<[string, string, string[]]>([
    ["a list", '["bo", "dee"]', ["bo", "dee"]],
    ["an object", '{ "id": "eli" }', ["eli"]],
    ["JSON text", '"bo"', ["bo"]],
    ["an id", "bo", ["bo"]],
  ])("E-321: recipients rendered as %s", (_title, recipients, expected) =>
    withHarness(async (h) => {
      h.define("child", child());
      h.define("parent", { steps: [triggerStep({ recipients })] });
      await h.trigger("parent", { recipients: ["ana"] });
      expect((await bodies(h)).map((body) => body.split(" ")[0]).sort()).toEqual(expected);
    }),
  );
});

describe("21. Data functions", () => {
  const updateData = (data: string): JsonObject => ({ ref: "update_1", type: "update_data", settings: { data } });
  const update = (type: string, settings: JsonObject): JsonObject => ({ ref: "update_1", type, settings });
  const current = (update_properties: Json, type = "update_user") =>
    update(type, { recipient_mode: "current", update_properties: JSON.stringify(update_properties) });

  it("E-322 E-329: data is merged shallowly, from static values and Liquid, and seen at once", () =>
    withHarness(async (h) => {
      const data = '{ "o": { "y": 2 }, "name": "{{ recipient.id }}", "count": {{ data.n | plus: 1 }} }';
      const body = "{{ data.n }}/{{ data.o.x }}/{{ data.o.y }}/{{ data.name }}/{{ data.count }}";
      h.define("digest", { steps: [updateData(data), step.email("S", body)] });
      await h.trigger("digest", { recipients: ["ana"], data: { n: 1, o: { x: 1 } } });
      expect(await bodies(h)).toEqual(["1//2/ana/2"]);
    }));

  it.each<[string, string]>([
    ["a filter that cannot do it", '{ "a": "{{ data.n | divided_by: 0 }}" }'],
    ["a property that does not exist", '{ "a": "{{ data.missing }}" }'],
    ["what is no JSON", "{{ data.n }}"],
  ])("E-323: %s fails the step and halts the run", (_title, data) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [updateData(data), step.email()] });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } });
      expect(words(outcome)).toBe("completed: update_1 failed render_error");
    }),
  );

  it("E-324 E-326: the current user, deeply, seen by the next step and stored", () =>
    withHarness(async (h) => {
      const body = "{{ recipient.team.name }}/{{ recipient.team.size }}";
      h.define("digest", { steps: [current({ team: { size: 3 } }), step.email("S", body)] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect(await bodies(h)).toEqual(["North/3"]);
      expect((await h.recipient("ana"))?.properties.team).toEqual({ name: "North", size: 3 });
    }));

  it("E-324 E-325: one named by reference, created where it is unknown, its collection with it", () =>
    withHarness(async (h) => {
      const set = (type: string, recipient_gid: string, more: JsonObject = { recipient_mode: "reference" }) => ({
        ...update(type, { recipient_gid, update_properties: '{ "plan": "pro" }', ...more }),
        ref: type,
      });
      h.define("digest", {
        steps: [
          set("update_user", "gid://Object/$users/{{ data.who }}"),
          set("update_tenant", "gid://Object/$tenants/acme"),
          set("update_object", "gid://Object/boats/b1", {}),
        ],
      });
      await h.trigger("digest", { recipients: ["ana"], data: { who: "new-one" } });
      for (const reference of ["new-one", { collection: "$tenants", id: "acme" }, { collection: "boats", id: "b1" }])
        expect((await h.recipient(reference))?.properties).toMatchObject({ plan: "pro" });
    }));

  it("E-327: preferences of a user and a tenant's defaults merge deeply", () =>
    withHarness(async (h) => {
      await h.identify({ id: "ana", preferences: { default: { channel_types: { sms: false } } } });
      const tenantDefaults = { settings: { preference_set: { channel_types: { push: false } } } };
      await h.identify({ collection: "$tenants", id: "acme", ...tenantDefaults });
      h.define("digest", {
        steps: [
          current({ preferences: { default: { channel_types: { email: false } } } }),
          {
            ...current({ settings: { preference_set: { channel_types: { chat: false } } } }, "update_tenant"),
            ref: "t",
          },
        ],
      });
      await h.trigger("digest", { recipients: ["ana"], tenant: "acme" });
      expect((await h.recipient("ana"))?.preferences).toEqual({
        default: { channel_types: { sms: false, email: false } },
      });
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties.settings).toEqual({
        preference_set: { channel_types: { push: false, chat: false } },
      });
    }));

  it("E-328: channel data is not theirs to set", () =>
    withHarness(async (h) => {
      await h.identify({ id: "ana", channel_data: { "c-ios": { tokens: ["t1"] } } });
      h.define("digest", { steps: [current({ channel_data: { "c-ios": { tokens: ["t2"] } }, plan: "free" })] });
      await h.trigger("digest", { recipients: ["ana"] });
      const ana = await h.recipient("ana");
      expect(ana?.channel_data).toEqual({ "c-ios": { tokens: ["t1"] } });
      expect(ana?.properties).toMatchObject({ plan: "free" });
      expect(ana?.properties).not.toHaveProperty("channel_data");
    }));

  it.each<[string, JsonObject]>([
    ["email", { email: "{{ data.n }}" }],
    ["created_at", { created_at: "soon" }],
    ["preferences", { preferences: { default: { channel_types: { emial: true } } } }],
  ])("A-090 fails a step that would store an invalid %s, and changes nothing", (_what, changes) =>
    withHarness(async (h) => {
      const before = (await h.recipient("ana"))?.properties;
      const update_properties = JSON.stringify({ ...changes, plan: "free" }).replace('"{{ data.n }}"', "{{ data.n }}");
      h.define("digest", {
        steps: [{ ref: "update_1", type: "update_user", settings: { recipient_mode: "current", update_properties } }],
      });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { n: 5 } });
      expect(outcome.recipients?.[0]?.steps).toMatchObject([{ ref: "update_1", outcome: "failed" }]);
      expect((await h.recipient("ana"))?.properties).toEqual(before);
    }),
  );

  it.each<[string, string, string | { collection: string; id: string }]>([
    ["a user, of an object's run", "update_user", { collection: "projects", id: "p1" }],
    ["a tenant, of a run without", "update_tenant", "ana"],
  ])("E-331: the current one where there is none (%s) is an error, and skipped", (_title, type, recipient) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [current({ a: 1 }, type), step.webhook()] });
      const outcome = await h.trigger("digest", { recipients: [recipient] });
      expect(Object.values(runsInWords(outcome))).toEqual(["completed: update_1 skipped not_applicable, hook_1 sent"]);
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.error_count).toBe(1);
    }),
  );
});

describe("19. Branch and experiment", () => {
  const cohorts = (shares: number[], more: JsonObject = {}): JsonObject => ({
    ref: "random_1",
    type: "random_cohort",
    ...more,
    cohort_branches: shares.map((percentage, n) => ({
      name: `cohort ${n}`,
      percentage,
      steps: [{ ...step.email("S", `cohort ${n}`), ref: `email_${n}` }],
    })),
  });

  it("E-311: the same recipient lands in the same cohort every time, of a step", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [cohorts([50, 50])] });
      for (let round = 0; round < 3; round++) await h.trigger("digest", { recipients: ["ana", "bo", "dee", "eli"] });
      for (const id of ["ana", "bo", "dee", "eli"]) {
        const sent = (await h.messages(id)).map(bodyOf);
        expect(sent).toEqual(Array(3).fill(`cohort ${cohortSlot("digest", "random_1", id) < 500 ? 0 : 1}`));
      }
      const slots = (ref: string) => ["ana", "bo", "dee", "eli"].map((id) => cohortSlot("digest", ref, id));
      expect(slots("random_1")).not.toEqual(slots("random_2"));
    }));

  it("E-312: nobody is in a cohort of 0 %", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [cohorts([0, 100])] });
      const ids = Array.from({ length: 50 }, (_, n) => ({ id: `u${n}`, email: `u${n}@lark.test` }));
      await h.trigger("digest", { recipients: ids });
      expect(new Set(await bodies(h))).toEqual(new Set(["cohort 1"]));
    }));

  it("E-312: shares that do not make 100 are refused", () =>
    withHarness(async (h) => {
      expect(() => h.define("digest", { steps: [cohorts([50, 49])] })).toThrow(/100/);
    }));

  it("E-314: a cohort key of the run's choice decides in the recipient's place", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [cohorts([50, 50], { cohort_key: "data.team" })] });
      for (const team of ["a", "b", "c", "d"]) await h.trigger("digest", { recipients: ["ana", "bo"], data: { team } });
      const expected = ["a", "b", "c", "d"].map((team) => (cohortSlot("digest", "random_1", team) < 500 ? 0 : 1));
      expect(new Set(expected).size).toBe(2);
      for (const id of ["ana", "bo"])
        expect((await h.messages(id)).map(bodyOf)).toEqual(expected.map((n) => `cohort ${n}`));
    }));

  it("E-310: a batch and a delay inside a branch", () =>
    withHarness(async (h) => {
      const window = { batch_window: { unit: "minutes", value: 10 } };
      const inner = [
        { ref: "batch_1", type: "batch", settings: window },
        step.delay("minutes", 5),
        step.email("S", "{{ total_activities }}"),
      ];
      const branch = { name: "one", conditions: when("recipient.plan", "equal_to", "pro"), steps: inner };
      h.define("digest", {
        steps: [
          { ref: "branch_1", type: "branch", branches: [branch, { name: "default", steps: [] }] },
          step.sms("after"),
        ],
      });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.at(HOUR);
      expect((await h.messages()).map(messageInWords)).toEqual(["ana mail sent: 2", "ana text sent: after"]);
    }));
});
