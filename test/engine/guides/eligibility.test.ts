import { expect, it } from "vitest";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { GuideQuery } from "../../../src/ports/resource-operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildBannerStep, buildCondition } from "../../helpers/build-steps.js";
import { HOUR, T0 } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

function buildGuideQuery(user: string, more: Partial<GuideQuery> = {}): GuideQuery {
  return { user, channel: "c-tours", tenant: null, data: {}, ...more };
}

/** Returns `tour` for a guide that the user may see and `tour: reason` for other guides, ordered by key. */
async function seenBy(h: EngineHarness, user: string, more: Partial<GuideQuery> = {}): Promise<string[]> {
  const { entries, ineligible_guides } = await h.guideOperations.list(buildGuideQuery(user, more));
  const hidden = (ineligible_guides as JsonObject[]).map(({ key, reason }) => `${String(key)}: ${String(reason)}`);
  return [...(entries as JsonObject[]).map(({ key }) => String(key)), ...hidden].sort();
}

async function withHarness(work: (h: EngineHarness) => Promise<void>): Promise<void> {
  const harness = await EngineHarness.open();
  try {
    await work(harness);
  } finally {
    await harness.close();
  }
}

it("R-122 A-532 a guide has the API's format, and its content is rendered for the user", () =>
  withHarness(async (h) => {
    h.defineGuide("tour", {
      steps: [
        buildBannerStep({
          title: "Hi {{ recipient.plan }}",
          body: "**{{ data.page }}** of {{ tenant.id }}",
          button: { action: "{{ vars.base_url }}/go" },
          order: "{{ 1 | plus: 1 }}",
          items: ["{{ recipient.id }}", 2],
        }),
      ],
      activation_url_patterns: [{ pathname: "/docs/*" }, { directive: "block", search: "quiet=1" }],
      __readonly: { semver: "1.2.3" },
    });
    const { entries, ...rest } = await h.guideOperations.list(
      buildGuideQuery("ana", { tenant: "acme", data: { page: "Home" } }),
    );
    expect(entries).toEqual([
      {
        __typename: "Guide",
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        key: "tour",
        channel_id: "c-tours",
        type: "banner",
        semver: "1.2.3",
        active: true,
        steps: [
          {
            ref: "step_1",
            schema_key: "banner",
            schema_semver: "0.1.0",
            schema_variant_key: "default",
            content: {
              title: "Hi pro",
              body: expect.stringContaining("<strong>Home</strong> of acme"),
              button: { text: "Open", action: "https://lark.test/go" },
              closable: true,
              order: 2,
              items: ["ana", 2],
            },
            message: {
              id: null,
              seen_at: null,
              read_at: null,
              interacted_at: null,
              archived_at: null,
              link_clicked_at: null,
            },
          },
        ],
        activation_url_rules: [],
        activation_url_patterns: [
          { directive: "allow", pathname: "/docs/*" },
          { directive: "block", search: "quiet=1" },
        ],
        bypass_global_group_limit: false,
        inserted_at: "1970-01-01T00:00:00.000Z",
        updated_at: "1970-01-01T00:00:00.000Z",
      },
    ]);
    expect(rest).toMatchObject({ guide_group_display_logs: {}, ineligible_guides: [] });
  }));

it("R-132 E-088 the switch, window, audience and conditions make a guide ineligible, and the reason shows the compared values", () =>
  withHarness(async (h) => {
    h.defineGuide("off", { active: false });
    h.defineGuide("early", { active_from: "2025-06-04T11:00:00Z", active: false });
    h.defineGuide("late", { __readonly: { active_until: "2025-06-04T10:00:00Z" } });
    h.defineGuide("members", { target_audience_key: "vip" });
    h.defineGuide("pros", { target_property_conditions: buildCondition("recipient.plan", "equal_to", "pro") });
    h.defineGuide("here", { target_property_conditions: buildCondition("data.page", "equal_to", "home") });
    expect(await seenBy(h, "bo")).toEqual([
      "early: guide_not_active",
      "here: target_conditions_not_met",
      "late: guide_not_active",
      "members: not_in_target_audience",
      "off: guide_not_active",
      "pros: target_conditions_not_met",
    ]);
    const { ineligible_guides } = await h.guideOperations.list(buildGuideQuery("bo"));
    expect((ineligible_guides as JsonObject[]).find(({ key }) => key === "pros")).toEqual({
      __typename: "GuideIneligibilityMarker",
      key: "pros",
      reason: "target_conditions_not_met",
      message: 'recipient.plan equal_to "pro" (was "free")',
    });
    await h.engine.resources.audiences.add("vip", { members: [{ user: { id: "bo" } }] }, { create_audience: true });
    await h.identify({ id: "bo", plan: "pro" });
    await h.at(HOUR);
    expect(await seenBy(h, "bo", { data: { page: "home" } })).toEqual([
      "early",
      "here",
      "late: guide_not_active",
      "members",
      "off: guide_not_active",
      "pros",
    ]);
  }));

it("R-120 force_all_guides adds guides that the user may not see; type filters guides", () =>
  withHarness(async (h) => {
    h.defineGuide("off", { active: false });
    h.defineGuide("on");
    expect(await seenBy(h, "ana", { force_all_guides: true })).toEqual(["off", "off: guide_not_active", "on"]);
    expect(await seenBy(h, "ana", { type: "banner" })).toEqual(["off: guide_not_active", "on"]);
    expect(await seenBy(h, "ana", { type: "modal", force_all_guides: true })).toEqual([]);
  }));

it("E-196 a guide with a managed audience is for the users whom workflows added", () =>
  withHarness(async (h) => {
    h.defineGuide("tour", {}, true);
    h.defineGuide("club", { target_audience_key: "club" }, true);
    h.defineAudience("club", { property: "recipient.plan", operator: "equal_to", argument: "free" });
    const step = { type: "channel", channel_type: "in_app_guide" };
    h.define("welcome", { steps: [{ ...step, ref: "a", guide_key: "tour" }] });
    h.define("join", { steps: [{ ...step, ref: "a", guide_key: "club" }] });
    expect(await seenBy(h, "ana")).toEqual(["club: not_in_target_audience", "tour: not_in_target_audience"]);
    expect(await seenBy(h, "bo")).toEqual(["club", "tour: not_in_target_audience"]);
    await h.trigger("welcome", { recipients: ["ana"], tenant: "acme" });
    await h.trigger("join", { recipients: ["ana"] });
    for (const tenant of ["acme", "other", null]) expect(await seenBy(h, "ana", { tenant })).toEqual(["club", "tour"]);
    expect(await seenBy(h, "ghost")).toEqual(["club: not_in_target_audience", "tour: not_in_target_audience"]);
  }));

/** Adds user_1 in tenant_a and user_2 without a tenant, as in the service's example. */
async function addPowerUsers(h: EngineHarness): Promise<void> {
  await h.identify({ id: "user_1", plan: "pro" }, { id: "user_2" });
  const members: JsonObject[] = [{ user: { id: "user_1" }, tenant: "tenant_a" }, { user: { id: "user_2" } }];
  await h.engine.resources.audiences.add("power-users", { members }, { create_audience: true });
}

it("E-415 members of an audience see its guide in every tenant, also by a condition on the audience", () =>
  withHarness(async (h) => {
    await addPowerUsers(h);
    h.defineGuide("by-audience", { target_audience_key: "power-users" });
    const condition = { variable: "recipient", operator: "is_audience_member", argument: "power-users" };
    h.defineGuide("by-condition", { target_property_conditions: { all: [condition] } });
    for (const user of ["user_1", "user_2"])
      for (const tenant of ["tenant_a", "tenant_b", null])
        expect(await seenBy(h, user, { tenant })).toEqual(["by-audience", "by-condition"]);
    expect(await seenBy(h, "user_3")).toEqual([
      "by-audience: not_in_target_audience",
      "by-condition: target_conditions_not_met",
    ]);
  }));

it("E-415 with tenancy_strict_mode, the tenant of the membership must be that of the request", () =>
  withHarness(async (h) => {
    await addPowerUsers(h);
    h.defineAudience("pros", { property: "recipient.plan", operator: "equal_to", argument: "pro" });
    const strict = { tenancy_strict_mode: true };
    h.defineGuide("by-audience", { target_audience_key: "power-users", ...strict });
    const condition = { variable: "recipient", operator: "is_audience_member", argument: "power-users" };
    h.defineGuide("by-condition", { target_property_conditions: { all: [condition] }, ...strict });
    h.defineGuide("dynamic", { target_audience_key: "pros", ...strict });
    const listSeen = async (user: string, tenant: string | null) =>
      (await seenBy(h, user, { tenant })).filter((key) => !key.includes(":"));
    expect(await listSeen("user_1", "tenant_a")).toEqual(["by-audience", "by-condition"]);
    expect(await listSeen("user_1", "tenant_b")).toEqual([]);
    expect(await listSeen("user_1", null)).toEqual(["dynamic"]);
    expect(await listSeen("user_2", "tenant_a")).toEqual([]);
    expect(await listSeen("user_2", null)).toEqual(["by-audience", "by-condition"]);
  }));

it("R-123 a group lists guides in the declared order and then by key, divided into unthrottled and throttled guides", () =>
  withHarness(async (h) => {
    for (const key of ["a", "b", "c"]) h.defineGuide(key);
    h.defineGuide("elsewhere", { channel_key: "others" });
    Object.assign(h.environment.guide_group, {
      display_sequence: ["c", "gone"],
      display_sequence_unthrottled: ["b"],
      display_interval: 60,
    });
    const { guide_groups, entries } = await h.guideOperations.list(buildGuideQuery("ana"));
    expect(guide_groups).toEqual([
      {
        __typename: "GuideGroup",
        key: "default",
        display_sequence: ["c", "a", "b"],
        display_sequence_unthrottled: ["b"],
        display_sequence_throttled: ["c", "a"],
        display_interval: 60,
        inserted_at: "1970-01-01T00:00:00.000Z",
        updated_at: "1970-01-01T00:00:00.000Z",
      },
    ]);
    expect((entries as JsonObject[]).map((one) => [one.key, one.bypass_global_group_limit])).toEqual([
      ["a", false],
      ["b", true],
      ["c", false],
    ]);
  }));

it("content that cannot be rendered for a user hides the guide and gives the reason", () =>
  withHarness(async (h) => {
    h.defineGuide("tour", { steps: [buildBannerStep({ title: "T", order: "{{ recipient.plan }}" })] });
    h.defineGuide("other");
    const { ineligible_guides, entries } = await h.guideOperations.list(buildGuideQuery("ana"));
    expect((entries as JsonObject[]).map(({ key }) => key)).toEqual(["other"]);
    expect(ineligible_guides).toEqual([
      expect.objectContaining({
        key: "tour",
        reason: "guide_not_active",
        message: 'Its content cannot be rendered: steps[0].values.order is not a number: "pro"',
      }),
    ]);
  }));

it("translations and recipients can be read in a guide's content", () =>
  withHarness(async (h) => {
    h.addTranslation("fr", { hi: "Salut" });
    h.defineGuide("tour", { steps: [buildBannerStep({ title: "{{ 'hi' | t }} {{ 'eli' | user | map: 'name' }}" })] });
    await h.identify({ id: "ana", locale: "fr-BE" });
    const { entries } = await h.guideOperations.list(buildGuideQuery("ana"));
    expect(entries).toMatchObject([{ steps: [{ content: { title: expect.stringContaining("Salut") } }] }]);
  }));

it("the last valid version of a broken guide stays in use; a guide that was never valid is reported", () =>
  withHarness(async (h) => {
    h.defineGuide("tour");
    expect(await seenBy(h, "ana")).toEqual(["tour"]);
    h.guides.delete("tour");
    h.guideErrors.set("tour", new KnockError("project_invalid", "guides/tour/guide.json: broken"));
    expect(await seenBy(h, "ana")).toEqual(["tour"]);
    h.defineGuide("odd", { steps: [buildBannerStep({ title: "{{ x | nofilter }}" })] });
    expect([...(await h.guideOperations.readErrors()).values()].map(({ message }) => message)).toEqual([
      "guides/tour/guide.json: broken",
      expect.stringContaining('guide "odd": steps[0].values.title, line 1'),
    ]);
  }));

it("a channel of another type is rejected, and an unknown channel has no guides", () =>
  withHarness(async (h) => {
    h.defineGuide("tour");
    await expect(h.guideOperations.list(buildGuideQuery("ana", { channel: "feed" }))).rejects.toMatchObject({
      code: "channel_invalid",
    });
    expect(await seenBy(h, "ana", { channel: "nowhere" })).toEqual([]);
    expect(await seenBy(h, "ana", { channel: "tours" })).toEqual(["tour"]);
    expect(h.now).toBe(T0);
  }));
