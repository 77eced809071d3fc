import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const page = { limit: 100 };
const isMember = buildCondition("recipient", "is_audience_member", "beta");
const triggered = (audience_key: string, extra: JsonObject = {}): JsonObject => ({
  trigger: { type: "audience", audience_key },
  steps: [step.feed("{{ tenant.id }}")],
  ...extra,
});
const update = (action: string, extra: JsonObject = {}, audience_key = "beta"): JsonObject => ({
  ref: `${action}_1`,
  type: "update_audience",
  settings: { action, audience_key },
  ...extra,
});

async function join(h: EngineHarness, ...members: (string | [user: string, tenant: string])[]): Promise<void> {
  const list = members.map((one): Json => (typeof one === "string" ? { user: one } : { user: one[0], tenant: one[1] }));
  await h.engine.resources.audiences.add("beta", { members: list }, { create_audience: true });
}

/** Returns the runs of a workflow with their tenants, oldest first: `ana -`, `ana acme`. */
async function listRuns(h: EngineHarness, workflow: string): Promise<string[]> {
  const { items } = await h.engine.listRecipientRuns({ workflow }, page);
  return items.map((run) => `${run.recipient} ${run.tenant ?? "-"}`).reverse();
}

async function withDynamic(body: (h: EngineHarness) => Promise<void>): Promise<void> {
  const h = await EngineHarness.open({ watchUsers: true });
  try {
    h.defineAudience("pros", { property: "recipient.plan", operator: "equal_to", argument: "pro" });
    await body(h);
  } finally {
    await h.close();
  }
}

describe("W. Static audiences", () => {
  it("C-084 E-390 E-118 a condition is true only if the run's tenant is the membership's", () =>
    withHarness(async (h) => {
      await join(h, ["ana", "acme"], "bo");
      h.define("digest", { steps: [step.feed("F", { conditions: isMember })] });
      const results: boolean[] = [];
      for (const [user, tenant] of [
        ["ana", "acme"],
        ["ana", null],
        ["ana", "zeta"],
        ["bo", null],
        ["bo", "acme"],
      ]) {
        const { recipients } = await h.trigger("digest", { recipients: [user as string], tenant: tenant as Json });
        results.push(recipients?.[0]?.steps[0]?.outcome === "sent");
      }
      expect(results).toEqual([true, false, false, true, false]);
    }));

  it("EQ-18 trigger conditions and step conditions check memberships for each recipient, negated and of unknown audiences", () =>
    withHarness(async (h) => {
      await join(h, "bo");
      h.define("digest", { conditions: isMember, steps: [step.feed()] });
      expect(formatRuns(await h.trigger("digest", { recipients: ["ana", "bo"] }))).toEqual({
        ana: "completed condition: no steps",
        bo: "completed: in_app_feed_1 sent",
      });
      h.define("other", {
        steps: [step.feed("F", { conditions: buildCondition("recipient.id", "is_not_audience_member", "x") })],
      });
      expect(formatRuns(await h.trigger("other", { recipients: ["ana"] }))).toEqual({
        ana: "completed: in_app_feed_1 sent",
      });
    }));

  it("C-292 E-332 a step adds a member, whom the next step sees, adds no member twice, and removes a member", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [update("add"), step.email("S", "B", { conditions: isMember })] });
      const members = async () => (await h.engine.resources.audiences.list("beta", page)).items.length;
      for (let n = 0; n < 2; n++) {
        expect(formatRuns(await h.trigger("digest", { recipients: ["bo"] }))).toEqual({
          bo: "completed: add_1 passed, email_1 sent",
        });
        expect(await members()).toBe(1);
      }
      h.define("leave", { steps: [update("remove"), step.email("S", "B", { conditions: isMember })] });
      expect(formatRuns(await h.trigger("leave", { recipients: ["bo"] }))).toEqual({
        bo: "completed: remove_1 passed, email_1 skipped condition",
      });
      expect(await members()).toBe(0);
    }));

  it("E-332 a step adds a member in the run's tenant that remains after a delay, and skips objects and false conditions", () =>
    withHarness(async (h) => {
      const steps = [update("add"), step.delay("minutes", 1), step.email("S", "B", { conditions: isMember })];
      h.define("digest", { steps });
      const started = await h.trigger("digest", { recipients: ["bo"], tenant: "acme" });
      await h.at(MINUTE);
      expect(formatRuns(await h.readOutcome(started))).toEqual({
        bo: "completed: add_1 passed, delay_1 passed, email_1 sent",
      });
      expect((await h.engine.resources.audiences.list("beta", page)).items).toMatchObject([{ tenant: "acme" }]);
      h.define("object", { steps: [update("add")] });
      expect(formatRuns(await h.trigger("object", { recipients: [{ collection: "teams", id: "t1" }] }))).toEqual({
        "teams/t1": "completed: add_1 skipped not_applicable",
      });
      h.define("never", { steps: [update("add", { conditions: buildCondition("data.x", "equal_to", 1) })] });
      expect(formatRuns(await h.trigger("never", { recipients: ["ana"] }))).toEqual({
        ana: "completed: add_1 skipped condition",
      });
    }));

  it("C-295 E-333 a step cannot add to the audience that triggers its workflow", () =>
    withHarness(async (h) => {
      expect(() => h.define("digest", triggered("beta", { steps: [update("add")] }))).toThrow(/add_1|audience/);
      h.define("digest", triggered("beta", { steps: [update("remove"), step.feed()] }));
    }));

  it("section 9.11 a step cannot add to a dynamic audience", () =>
    withDynamic(async (h) => {
      expect(() => h.define("digest", { steps: [update("add", {}, "pros")] })).toThrow(/"pros" is a dynamic audience/);
    }));

  it("C-348 E-388 E-010 joining starts a run, but being a member or leaving does not", () =>
    withHarness(async (h) => {
      await join(h, "bo");
      h.define("welcome", triggered("beta"));
      await join(h, "ana", "bo");
      expect(await listRuns(h, "welcome")).toEqual(["ana -"]);
      const { items } = await h.engine.listRecipientRuns({ workflow: "welcome" }, page);
      expect(items[0]).toMatchObject({
        trigger_source: { type: "audience", audience_key: "beta" },
        status: "completed",
      });
      await h.engine.resources.audiences.remove("beta", { members: [{ user: "ana" }] });
      expect(await listRuns(h, "welcome")).toEqual(["ana -"]);
    }));

  it("C-349 E-389 joining in several tenants starts several runs", () =>
    withHarness(async (h) => {
      h.define("welcome", triggered("beta"));
      await join(h, ["ana", "acme"], ["ana", "zeta"]);
      expect(await listRuns(h, "welcome")).toEqual(["ana acme", "ana zeta"]);
    }));

  it("E-047 E-389 a tenant that was never identified is created empty, as by a trigger", () =>
    withHarness(async (h) => {
      const template = "[{{ tenant.id }}] [{{ tenant.name }}]{% if tenant %} tenant{% endif %}";
      h.define(
        "welcome",
        triggered("beta", {
          steps: [step.feed(template), step.delay("minutes", 5), { ...step.feed(template), ref: "feed_2" }],
        }),
      );
      await join(h, ["ana", "nova"], ["bo", "nova"]);
      await h.at(5 * MINUTE);
      const blocks = (await h.listMessages()).map(({ content }) => JSON.stringify(content.blocks));
      expect(blocks).toHaveLength(4);
      for (const block of blocks) expect(block).toContain("[nova] [] tenant");
      expect(await h.engine.resources.tenants.read("nova")).toMatchObject({ __typename: "Tenant", id: "nova" });
    }));

  it("C-350 E-391 an unidentified user starts no run, neither when added nor when identified later", () =>
    withHarness(async (h) => {
      h.define("welcome", triggered("beta"));
      await join(h, "zed");
      await h.engine.resources.users.set("zed", { name: "Zed" });
      expect(await listRuns(h, "welcome")).toEqual([]);
      expect((await h.engine.resources.audiences.list("beta", page)).items).toMatchObject([{ user_id: "zed" }]);
    }));

  it("E-395 EQ-64 E-068 joining again starts another run unless the workflow runs once", () =>
    withHarness(async (h) => {
      h.define("welcome", triggered("beta"));
      h.define("once", triggered("beta", { trigger_frequency: "once_per_recipient" }));
      h.define("off", triggered("beta", { active: false }));
      for (let n = 0; n < 2; n++) {
        await join(h, "ana");
        await h.engine.resources.audiences.remove("beta", { members: [{ user: "ana" }] });
      }
      expect(await listRuns(h, "welcome")).toEqual(["ana -", "ana -"]);
      expect((await h.listMessages("ana")).filter(({ workflow }) => workflow === "once")).toHaveLength(1);
      expect(await listRuns(h, "off")).toEqual([]);
    }));

  it("E-332 E-388 a step that adds a user starts the workflow of the audience", () =>
    withHarness(async (h) => {
      h.define("welcome", triggered("beta"));
      h.define("digest", { steps: [update("add")] });
      await h.trigger("digest", { recipients: ["bo"] });
      expect(await listRuns(h, "welcome")).toEqual(["bo -"]);
    }));

  it("recipients files add members without starting workflows", () =>
    withDynamic(async (h) => {
      h.define("welcome", triggered("beta"));
      h.define("upgrade", triggered("pros"));
      const [user] = ["$users/nia" as never];
      const recipients = [{ key: user, properties: { plan: "pro" } }];
      await h.store.applySeeds(
        [
          {
            file: "a.json",
            digest: "1",
            recipients,
            subscriptions: [],
            audiences: [{ key: "beta", members: [{ recipient: user, tenant: null }] }],
          },
        ],
        h.now,
      );
      await h.engine.runDue({});
      expect([await listRuns(h, "welcome"), await listRuns(h, "upgrade")]).toEqual([[], []]);
    }));
});

describe("W. Dynamic audiences", () => {
  const setPlan = (h: EngineHarness, plan: string) => h.engine.resources.users.set("bo", { plan });

  it("C-351 E-387 E-395 each entry of a user starts a run", () =>
    withDynamic(async (h) => {
      h.define("upgrade", triggered("pros"));
      for (const plan of ["pro", "free", "pro"]) await setPlan(h, plan);
      expect(await listRuns(h, "upgrade")).toEqual(["bo -", "bo -"]);
      await h.engine.resources.users.set("bo", { city: "Oslo" });
      expect(await listRuns(h, "upgrade")).toEqual(["bo -", "bo -"]);
    }));

  it("C-351 changes that an earlier process left are processed in order", () =>
    withDynamic(async (h) => {
      h.define("upgrade", triggered("pros"));
      for (const plan of ["pro", "free", "pro"]) await h.identify({ id: "bo", plan }, { id: "cy", n: plan });
      expect(await h.store.readNextDueAt()).not.toBeNull();
      await h.engine.runDue({});
      expect(await listRuns(h, "upgrade")).toEqual(["bo -", "bo -"]);
      expect(await h.store.readNextDueAt()).toBeNull();
    }));

  it("C-352 E-068 a once-only workflow runs once per recipient", () =>
    withDynamic(async (h) => {
      h.define("upgrade", triggered("pros", { trigger_frequency: "once_per_recipient" }));
      for (const plan of ["pro", "free", "pro"]) await setPlan(h, plan);
      expect((await h.listMessages()).map(formatMessage)).toHaveLength(1);
    }));

  it("C-296 E-334 an update by a step and an inline identification make a user a member", () =>
    withDynamic(async (h) => {
      h.define("upgrade", triggered("pros"));
      const settings = { recipient_mode: "current", update_properties: '{"plan":"pro"}' };
      h.define("digest", { steps: [{ ref: "u", type: "update_user", settings }] });
      await h.trigger("digest", { recipients: ["bo"] });
      h.define("other", { steps: [step.feed()] });
      await h.trigger("other", { recipients: [{ id: "new", plan: "pro" }] });
      expect(await listRuns(h, "upgrade")).toEqual(["bo -", "new -"]);
    }));

  it("E-118 conditions check dynamic audiences with the user's properties at that step", () =>
    withDynamic(async (h) => {
      const conditions = buildCondition("recipient", "is_audience_member", "pros");
      const settings = { recipient_mode: "current", update_properties: '{"plan":"free"}' };
      const steps = [
        step.feed("F", { conditions }),
        { ref: "u", type: "update_user", settings },
        step.email("S", "B", { conditions }),
      ];
      h.define("digest", { steps });
      expect(formatRuns(await h.trigger("digest", { recipients: ["ana"] }))).toEqual({
        ana: "completed: in_app_feed_1 sent, u passed, email_1 skipped condition",
      });
    }));

  it.each(["enter", "exit"])(
    "E-342 E-346 a wait for the %s event ends when the user's properties change",
    (event_key) =>
      withDynamic(async (h) => {
        const event = { event_type: "audience", audience_key: "pros", event_key };
        h.define("digest", { steps: [{ ref: "wait_1", type: "wait_for_event", settings: { event } }] });
        const started = await h.trigger("digest", { recipients: ["bo"] });
        await setPlan(h, "pro");
        if (event_key === "exit") await setPlan(h, "free");
        const outcome = await h.readOutcome(started);
        expect(formatRuns(outcome)).toEqual({ bo: "completed: wait_1 passed" });
        expect(outcome.recipients?.[0]?.steps[0]?.signal_variables).toMatchObject({
          audience_id: "pros",
          transition: event_key,
        });
      }),
  );
});

describe("audience.json", () => {
  it.each([
    [{ type: "dynamic" }, "/name"],
    [{ name: "A", type: "moving" }, "/type"],
    [{ name: "A", type: "dynamic" }, "/segments"],
    [{ name: "A", type: "dynamic", segments: [{ conditions: [] }] }, "/segments/0/conditions"],
    ["E-394", "/segments/0/conditions/0/property"],
  ])("F-034 rejects %j", async (raw, pointer) => {
    const { parseAudience } = await import("../../../src/domain/audience/parse-audience.js");
    const condition = { property: "created_at", operator: "exists" };
    const value = raw === "E-394" ? { name: "A", type: "dynamic", segments: [{ conditions: [condition] }] } : raw;
    expect(() => parseAudience("a", value, "audiences/a/audience.json")).toThrow(
      expect.objectContaining({ code: "project_invalid", details: [expect.objectContaining({ pointer })] }),
    );
  });
});

describe("Cycles of workflows through audiences", () => {
  const setPlan = (plan: string): JsonObject => ({
    ref: "update_1",
    type: "update_user",
    settings: { recipient_mode: "current", update_properties: JSON.stringify({ plan }) },
  });
  const stopped = async (h: EngineHarness) =>
    (await h.engine.listRecipientRuns({}, page)).items.filter(({ error_count }) => Number(error_count) > 0);

  it("E-388 E-332 a cycle through static audiences is stopped with an error on the run", () =>
    withHarness(async (h) => {
      const again = (audience: string): JsonObject[] => [
        update("remove", {}, audience),
        update("add", { ref: "add_1" }, audience),
      ];
      h.define("a", { trigger: { type: "audience", audience_key: "beta" }, steps: again("gamma") });
      h.define("b", { trigger: { type: "audience", audience_key: "gamma" }, steps: again("beta") });
      await join(h, "ana");
      expect([...(await listRuns(h, "a")), ...(await listRuns(h, "b"))]).toHaveLength(11);
      const [run, ...others] = await stopped(h);
      expect(others).toEqual([]);
      const shown = await h.engine.readRecipientRun(run?.id as string);
      expect(shown).toMatchObject({
        status: "completed",
        steps: [],
        reason: { code: "trigger_depth", detail: "workflows trigger each other more than 10 deep" },
        trigger_source: { type: "audience" },
      });
    }));

  it("E-334 E-315 a cycle through dynamic audiences and a nested trigger is stopped", () =>
    withDynamic(async (h) => {
      h.defineAudience("free", { property: "recipient.plan", operator: "equal_to", argument: "free" });
      h.define("p", { ...triggered("pros"), steps: [setPlan("free")] });
      h.define("nested", { steps: [setPlan("pro")] });
      const nested = { ref: "trigger_1", type: "trigger_workflow", settings: { workflow_key: "nested" } };
      h.define("f", { ...triggered("free"), steps: [nested] });
      h.define("kick", { steps: [setPlan("free")] });
      await h.trigger("kick", { recipients: ["ana"] });
      await h.engine.runDue({});
      expect(await stopped(h)).toHaveLength(1);
    }));
});
