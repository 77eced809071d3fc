import { expect, it } from "vitest";
import { getGuideId } from "../../../src/domain/guide/guide.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { GuideAction } from "../../../src/ports/resource-operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildBannerStep, step } from "../../helpers/build-steps.js";
import { MINUTE, T0 } from "../../helpers/case-times.js";
import { catchRejection, formatDetails } from "../../helpers/catch-error.js";
import { formatSteps, getRecipientOutcome } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

async function withTour(work: (h: EngineHarness) => Promise<void>, definition: JsonObject = {}): Promise<void> {
  const harness = await EngineHarness.open();
  try {
    harness.defineGuide("tour", {
      steps: [buildBannerStep({ title: "Hi {{ recipient.plan }}" }, "one"), buildBannerStep(undefined, "two")],
      ...definition,
    });
    await work(harness);
  } finally {
    await harness.close();
  }
}

function body(more: JsonObject = {}): JsonObject {
  return { channel_id: "c-tours", guide_id: getGuideId("tour"), guide_key: "tour", guide_step_ref: "one", ...more };
}

function engage(h: EngineHarness, action: GuideAction, more: JsonObject = {}): Promise<void> {
  const content: JsonObject = action === "seen" ? { content: { title: "Shown" } } : {};
  return h.guideOperations.recordEngagement("ana", action, body({ ...content, ...more }));
}

async function look(h: EngineHarness, tenant: string | null = null): Promise<JsonObject> {
  return h.guideOperations.list({ user: "ana", channel: "tours", tenant, data: {} });
}

/** Returns the engagement of each step, such as `one seen`. */
async function marks(h: EngineHarness, tenant: string | null = null): Promise<string[]> {
  const answer = await h.guideOperations.list({
    user: "ana",
    channel: "tours",
    tenant,
    data: {},
    force_all_guides: true,
  });
  const [guide] = answer.entries as { steps: { ref: string; message: JsonObject }[] }[];
  return (guide?.steps ?? []).map(({ ref, message }) => {
    const names = ["seen", "read", "interacted", "archived"].filter((name) => message[`${name}_at`] !== null);
    return [ref, ...names].join(" ");
  });
}

it("E-196 A-533 A-610 the first engagement creates the message, and later engagements mark it", () =>
  withTour(async (h) => {
    await engage(h, "seen", { data: { page: "home" } });
    h.now = T0 + MINUTE;
    await engage(h, "interacted", { metadata: { button: "primary" } });
    expect(await marks(h)).toEqual(["one seen read interacted", "two"]);
    const { items } = await h.engine.listMessages({}, { limit: 10 });
    expect(items).toHaveLength(1);
    const [message] = items;
    expect(message).toMatchObject({
      channel_id: "c-tours",
      channel: { key: "tours", type: "in_app_guide" },
      recipient: "ana",
      status: "delivered",
      engagement_statuses: ["seen", "read", "interacted"],
      workflow: "tour",
      tenant: null,
      data: { page: "home" },
      source: {
        type: "guide",
        key: "tour",
        categories: [],
        step_ref: "one",
        workflow_run_id: null,
        workflow_recipient_run_id: null,
      },
      seen_at: new Date(T0).toISOString(),
      interacted_at: new Date(T0 + MINUTE).toISOString(),
    });
    const read = await h.engine.readMessage(String(message?.id));
    expect(read?.content).toMatchObject({
      data: { __typename: "MessageInAppGuideContent", schema_key: "banner", content: { title: "Shown" } },
    });
    const [{ events } = { events: [] }] = await h.engine.readMessageHistories([String(message?.id)]);
    expect(events?.map(({ type, data }) => [type, data])).toEqual([
      ["message.read", null],
      ["message.interacted", { button: "primary" }],
      ["message.seen", null],
      ["message.delivered", null],
      ["message.created", null],
    ]);
    expect(await h.engine.readMessageActivities(String(message?.id))).toHaveLength(1);
    expect((await look(h)).entries).toMatchObject([{ steps: [{ message: { id: message?.id } }, {}] }]);
  }));

it("the content is rendered if the request does not contain the content that was shown", () =>
  withTour(async (h) => {
    await engage(h, "interacted");
    const [message] = await h.listMessages("ana");
    expect(message?.content).toMatchObject({ content: { title: "Hi pro", closable: true } });
  }));

it("a guide's message is in no list of runs, and none of its IDs belongs to a run", () =>
  withTour(async (h) => {
    await engage(h, "seen");
    const [message] = await h.listMessages("ana");
    expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
    expect(await h.engine.readWorkflowRun(message?.workflow_run_id as string)).toBeNull();
    expect(await h.engine.readRecipientRun(message?.recipient_run_id as string)).toBeNull();
  }));

it("R-132 archiving all steps or the final step archives the guide; A-536 unarchiving reverts it", () =>
  withTour(async (h) => {
    await engage(h, "archived");
    expect(await marks(h)).toEqual(["one archived", "two"]);
    expect((await look(h)).ineligible_guides).toEqual([]);
    await engage(h, "archived", { guide_step_ref: "two" });
    expect((await look(h)).ineligible_guides).toMatchObject([{ key: "tour", reason: "marked_as_archived" }]);
    await h.guideOperations.unarchive("ana", { guide_key: "tour" });
    expect(await marks(h)).toEqual(["one", "two"]);
    await engage(h, "archived", { is_final: true });
    expect((await look(h)).ineligible_guides).toMatchObject([{ reason: "marked_as_archived" }]);
  }));

it("R-131 archiving starts the throttle's window unless the request is unthrottled", () =>
  withTour(async (h) => {
    await engage(h, "archived", { unthrottled: true });
    expect((await look(h)).guide_group_display_logs).toEqual({});
    h.now = T0 + MINUTE;
    await engage(h, "archived", { guide_step_ref: "two" });
    expect((await look(h)).guide_group_display_logs).toEqual({ default: new Date(T0 + MINUTE).toISOString() });
  }));

it("E-416 engagement counts in all tenants; R-128 A-290 a reset removes it, and the message stays in the list", () =>
  withTour(async (h) => {
    await engage(h, "seen", { tenant: "acme" });
    for (const tenant of [null, "acme", "other"]) expect(await marks(h, tenant)).toEqual(["one seen", "two"]);
    await engage(h, "archived", { tenant: "other", is_final: true });
    for (const tenant of [null, "acme", "other"])
      expect((await look(h, tenant)).ineligible_guides).toMatchObject([{ reason: "marked_as_archived" }]);
    await h.guideOperations.unarchive("ana", { guide_key: "tour", tenant: "third" });
    expect(await marks(h)).toEqual(["one seen", "two"]);
    await h.guideOperations.reset("ana", { guide_key: "tour", tenant: "third" });
    for (const tenant of [null, "acme", "other"]) expect(await marks(h, tenant)).toEqual(["one", "two"]);
    await engage(h, "archived");
    expect((await h.listMessages("ana")).map(({ tenant, source, seen_at }) => [tenant, source, seen_at])).toEqual([
      ["acme", "guide", T0],
      [null, "guide", null],
    ]);
  }));

it("E-416 with the scope per_tenant, engagement counts in its tenant only, and so do resets and the throttle", () =>
  withTour(
    async (h) => {
      await engage(h, "seen");
      await engage(h, "seen", { tenant: "acme" });
      expect(await marks(h, "acme")).toEqual(["one seen", "two"]);
      expect(await marks(h, "other")).toEqual(["one", "two"]);
      await engage(h, "archived", { tenant: "acme", is_final: true });
      expect((await look(h, "acme")).ineligible_guides).toMatchObject([{ reason: "marked_as_archived" }]);
      expect((await look(h, "acme")).guide_group_display_logs).toEqual({ default: new Date(T0).toISOString() });
      expect(await look(h)).toMatchObject({ ineligible_guides: [], guide_group_display_logs: {} });
      await h.guideOperations.reset("ana", { guide_key: "tour", tenant: "acme" });
      expect(await marks(h, "acme")).toEqual(["one", "two"]);
      expect(await marks(h)).toEqual(["one seen", "two"]);
    },
    { scope: "per_tenant" },
  ));

it("E-053 A-097 a user's guide messages are deleted with the user or move when users are merged", () =>
  withTour(async (h) => {
    await engage(h, "seen");
    await h.engine.resources.users.merge("bo", "ana");
    expect((await h.listMessages("bo")).map(({ source, step_ref }) => [source, step_ref])).toEqual([["guide", "one"]]);
    expect(await h.store.readGuideMessages(toRecipientKey("ana"))).toEqual([]);
    await h.engine.resources.users.delete("bo");
    expect(await h.listMessages()).toEqual([]);
  }));

it("section 9.12 a run waits for an engagement of its user with a guide", () =>
  withTour(async (h) => {
    h.define("follow", {
      steps: [
        {
          ref: "wait",
          type: "wait_for_event",
          settings: {
            event: { event_type: "message", source_type: "guide", source_key: "tour", event_key: "interacted" },
            match_conditions: [
              { operator: "and", conditions: [{ variable: "event.step_ref", operator: "equal_to", argument: "one" }] },
            ],
            expires_after: { unit: "hours", value: 1 },
            on_match: "continue",
            on_timeout: "halt",
          },
        },
        step.sms("Thanks"),
      ],
    });
    const started = await h.trigger("follow", { recipients: ["ana"] });
    await engage(h, "seen");
    expect(formatSteps(getRecipientOutcome(await h.readOutcome(started), "ana"))).toEqual(["wait waiting"]);
    await engage(h, "interacted");
    await h.engine.runDue({});
    expect(formatSteps(getRecipientOutcome(await h.readOutcome(started), "ana"))).toEqual([
      "wait passed",
      "sms_1 sent",
    ]);
  }));

it.each([
  ["no guide", { guide_key: undefined, guide_id: undefined }, ["/guide_id", "/guide_key"]],
  ["another guide's id", { guide_id: getGuideId("x") }, ["/guide_id"]],
  ["an unknown step", { guide_step_ref: "three" }, ["/guide_step_ref"]],
  ["another channel", { channel_id: "c-feed" }, ["/channel_id"]],
  ["invalid content", { content: "x" }, ["/content"]],
  ["an invalid tenant", { tenant: 7 }, ["/tenant"]],
])("a request with %s is rejected and creates nothing", (_title, more, pointers) =>
  withTour(async (h) => {
    const entries = Object.entries({ ...body({ content: {} }), ...more }).filter(([, value]) => value !== undefined);
    const error = await catchRejection(
      h.guideOperations.recordEngagement("ana", "seen", Object.fromEntries(entries) as JsonObject),
    );
    expect(formatDetails(error).map((fault) => fault.split(" ")[0])).toEqual(pointers);
    expect(await h.listMessages()).toEqual([]);
  }),
);

it("E-226 nested metadata is rejected; the error for an unknown guide names the nearest one", () =>
  withTour(async (h) => {
    const nested = await catchRejection(engage(h, "interacted", { metadata: { a: { b: 1 } } }));
    expect(nested.code).toBe("invalid_params");
    const unknown = await catchRejection(engage(h, "seen", { guide_key: "tuor" }));
    expect(unknown).toMatchObject({ code: "resource_missing", hint: 'Did you mean "tour"?' });
    expect((await catchRejection(h.guideOperations.reset("ana", { guide_key: "tuor" }))).code).toBe("resource_missing");
    expect((await catchRejection(h.guideOperations.unarchive("a/b", { guide_key: "tour" }))).code).toBe(
      "invalid_params",
    );
  }));
