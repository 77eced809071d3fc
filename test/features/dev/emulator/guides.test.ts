import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { getGuideId } from "../../../../src/domain/guide/guide.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { type BrowserGuides, createGuideClient } from "../../../helpers/browser-client.js";
import { buildBannerStep, buildCondition } from "../../../helpers/build-steps.js";
import { MINUTE } from "../../../helpers/case-times.js";
import { describeClientCases } from "../../../helpers/client-case.js";
import { WAIT_OPTIONS } from "../../../helpers/eventually.js";
import { type TestEmulator, withApi } from "../../../helpers/test-emulator.js";
import { BROWSER_GUIDE_CASES } from "./browser-guide-cases.js";

function open(api: TestEmulator, user = "u1", target: Parameters<typeof createGuideClient>[3] = {}): BrowserGuides {
  return createGuideClient(api.url, user, "c-tours", target);
}

async function joined({ guides }: BrowserGuides): Promise<void> {
  await vi.waitFor(() => {
    const { channels } = guides.knock.client().socket as unknown as { channels: { state: string }[] };
    expect(channels.map(({ state }) => state)).toEqual(["joined"]);
  }, WAIT_OPTIONS);
}

function listGuideKeys({ guides }: BrowserGuides): string[] {
  return Object.keys(guides.store.state.guides).sort();
}

describeClientCases("the official browser client", BROWSER_GUIDE_CASES);

describe("the official browser client", () => {
  it("fetches, selects and marks a guide, and the server stores it (R-120 to R-123, R-127, R-129)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.defineGuide("tour", {
        steps: [buildBannerStep({ title: "Hi {{ recipient.name }} of {{ tenant.name }}" })],
      });
      harness.defineGuide("later", { active_from: new Date(harness.now + MINUTE).toISOString() });
      harness.defineGuide("docs", { activation_url_patterns: [{ pathname: "/docs/*" }] });
      harness.environment.guide_group.display_sequence = ["tour"];
      const client = open(api, "u1", { tenant: "acme", data: { page: { nested: true } } });
      expect(await client.guides.fetch()).toEqual({ status: "ok" });
      expect(listGuideKeys(client)).toEqual(["docs", "tour"]);
      expect(client.guides.store.state.ineligibleGuides).toMatchObject({ later: { reason: "guide_not_active" } });

      const guide = client.selectGuide();
      expect(guide?.key).toBe("tour");
      const step = guide?.getStep();
      expect(step?.content).toMatchObject({ title: "Hi Una of Acme", closable: true });
      await step?.markAsSeen();
      await step?.markAsInteracted({ metadata: { button: "go" } });
      await vi.waitFor(async () => {
        const { items } = await harness.engine.listMessages({ workflow: "tour" }, { limit: 5 });
        expect(items).toMatchObject([
          {
            recipient: "u1",
            tenant: "acme",
            engagement_statuses: ["seen", "read", "interacted"],
            data: { page: { nested: true } },
            source: { type: "guide" },
          },
        ]);
      }, WAIT_OPTIONS);
      await step?.markAsArchived();
      await vi.waitFor(async () => {
        const other = open(api, "u1", { tenant: "acme" });
        await other.guides.fetch();
        other.guides.setLocation("https://app.test/docs/one");
        expect([listGuideKeys(other), other.selectGuide()?.key]).toEqual([["docs"], "docs"]);
        expect(other.guides.store.state.guideGroupDisplayLogs).toEqual({ default: expect.any(String) });
        other.close();
      }, WAIT_OPTIONS);
      client.close();
    }));

  it("is notified of guides that are added, changed, no longer for the user, or removed (R-125)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.defineGuide("tour");
      const client = open(api);
      await client.guides.fetch();
      client.guides.subscribe();
      await joined(client);

      harness.defineGuide("more", { steps: [buildBannerStep({ title: "{{ recipient.name }}" })] });
      await vi.waitFor(() => expect(listGuideKeys(client)).toEqual(["more", "tour"]), WAIT_OPTIONS);
      expect(client.guides.store.state.guideGroups[0]?.display_sequence).toEqual(["more", "tour"]);

      await harness.identify({ id: "u1", name: "Ute" });
      const title = () => client.guides.store.state.guides.more?.steps[0]?.content.title;
      await vi.waitFor(() => expect(title()).toBe("Ute"), WAIT_OPTIONS);

      harness.defineGuide("more", { target_property_conditions: buildCondition("recipient.plan", "equal_to", "pro") });
      await vi.waitFor(() => expect(listGuideKeys(client)).toEqual(["tour"]), WAIT_OPTIONS);
      await harness.identify({ id: "u1", plan: "pro" });
      await vi.waitFor(() => expect(listGuideKeys(client)).toEqual(["more", "tour"]), WAIT_OPTIONS);

      harness.guides.delete("tour");
      await vi.waitFor(() => expect(listGuideKeys(client)).toEqual(["more"]), WAIT_OPTIONS);
      harness.environment.guide_group.display_sequence_unthrottled = ["more"];
      await vi.waitFor(
        () => expect(client.guides.store.state.guides.more?.bypass_global_group_limit).toBe(true),
        WAIT_OPTIONS,
      );
      client.close();
    }));

  it("receives a guide at once when a workflow has added its user or its time has come (E-196)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.defineGuide("tour", {}, true);
      harness.defineGuide("later", { active_from: new Date(harness.now + MINUTE).toISOString() });
      harness.define("welcome", {
        steps: [{ ref: "g", type: "channel", channel_type: "in_app_guide", guide_key: "tour" }],
      });
      const [una, udo] = [open(api), open(api, "u2")];
      for (const client of [una, udo]) {
        await client.guides.fetch();
        client.guides.subscribe();
        await joined(client);
      }
      await api.knock.workflows.trigger("welcome", { recipients: ["u1"] });
      await vi.waitFor(() => expect(listGuideKeys(una)).toEqual(["tour"]), WAIT_OPTIONS);
      expect(listGuideKeys(udo)).toEqual([]);
      harness.now += MINUTE;
      await vi.waitFor(
        () => expect([listGuideKeys(una), listGuideKeys(udo)]).toEqual([["later", "tour"], ["later"]]),
        WAIT_OPTIONS,
      );
      una.close();
      udo.close();
    }));

  it("receives after a restart the changes of that time (RQ-10)", () =>
    withApi(async (api) => {
      api.harness.defineGuide("tour");
      const client = open(api);
      await client.guides.fetch();
      client.guides.subscribe();
      await joined(client);
      await api.restart(async () => {
        api.harness.defineGuide("tour", { steps: [buildBannerStep({ title: "New" })] });
      });
      const title = () => client.guides.store.state.guides.tour?.steps[0]?.content.title;
      await vi.waitFor(() => expect(title()).toBe("New"), WAIT_OPTIONS);
      client.close();
    }));
});

describe("the topic guides:<channel> (R-124)", () => {
  type Frame = [string | null, string | null, string, string, JsonObject];

  async function join(api: TestEmulator, payload: JsonObject, topic = "guides:c-tours", query = "api_key=pk_test") {
    const socket = new WebSocket(`${api.url.replace("http", "ws")}/ws/v1/websocket?${query}&vsn=2.0.0`);
    const frames: Frame[] = [];
    socket.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
    await once(socket, "open");
    socket.send(JSON.stringify(["1", "1", topic, "phx_join", payload]));
    await vi.waitFor(() => expect(frames).toHaveLength(1), WAIT_OPTIONS);
    return { socket, frames, answer: frames[0]?.[4] };
  }

  it("names the topic and the event in every payload, and sends nothing about the user's actions", () =>
    withApi(async (api) => {
      api.harness.defineGuide("tour");
      const { socket, frames } = await join(api, { user_id: "u1", tenant: null, data: { a: 1 } });
      await api.knock.users.guides.markMessageAsArchived("u1", {
        channel_id: "c-tours",
        guide_id: getGuideId("tour"),
        guide_key: "tour",
        guide_step_ref: "step_1",
      });
      api.harness.defineGuide("more");
      await vi.waitFor(() => expect(frames).toHaveLength(3), WAIT_OPTIONS);
      expect(frames[1]).toMatchObject([
        "1",
        null,
        "guides:c-tours",
        "guide.added",
        { topic: "guides:c-tours", event: "guide.added", data: { eligible: true, guide: { key: "more" } } },
      ]);
      expect(frames[2]?.[4]).toMatchObject({ event: "guide_group.updated", data: { guide_group: { key: "default" } } });
      socket.close();
    }));

  it("sends guides that are not for the user to clients that requested all", () =>
    withApi(async (api) => {
      const { socket, frames } = await join(api, { user_id: "u1", force_all_guides: true, preview_session_id: "p" });
      api.harness.defineGuide("off", { active: false });
      await vi.waitFor(() => expect(frames.length).toBeGreaterThan(1), WAIT_OPTIONS);
      expect(frames[1]?.[4]).toMatchObject({ event: "guide.added", data: { eligible: true, guide: { key: "off" } } });
      socket.close();
    }));

  it.each<[string, JsonObject, string, string]>([
    ["a missing user", {}, "guides:c-tours", "user_id is required"],
    ["invalid data", { user_id: "u1", data: "x" }, "guides:c-tours", "data must be a JSON object"],
    ["an invalid tenant", { user_id: "u1", tenant: 7 }, "guides:c-tours", "tenant must be a tenant's id"],
    ["a feed channel", { user_id: "u1" }, "guides:c-feed", "not for in-app guides"],
    ["an unknown channel", { user_id: "u1" }, "guides:", "unmatched topic"],
  ])("rejects a join with %s", (_title, payload, topic, reason) =>
    withApi(async (api) => {
      const { socket, answer } = await join(api, payload, topic);
      expect(answer).toMatchObject({ status: "error", response: { reason: expect.stringContaining(reason) } });
      socket.close();
    }),
  );

  it("is limited to the token's own user (A-006, R-053)", () =>
    withApi(async (api) => {
      api.harness.environment.access = { keys: null, enhanced_security: true, signing_key: null };
      const { socket, answer } = await join(api, { user_id: "u1" });
      expect(answer).toEqual({ status: "error", response: { reason: "unauthorized" } });
      socket.close();
    }));
});
