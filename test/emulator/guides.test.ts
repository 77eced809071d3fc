import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { guideIdOf } from "../../src/domain/guide/guide.js";
import type { JsonObject } from "../../src/util/json.js";
import { type BrowserGuides, guidesOf } from "../helpers/browser-client.js";
import { banner, MINUTE, when } from "../helpers/engine-harness.js";
import { PATIENCE } from "../helpers/eventually.js";
import { type OpenedEmulator, withApi } from "../helpers/open-emulator.js";

function open(api: OpenedEmulator, user = "u1", target: Parameters<typeof guidesOf>[3] = {}): BrowserGuides {
  return guidesOf(api.url, user, "c-tours", target);
}

async function joined({ guides }: BrowserGuides): Promise<void> {
  await vi.waitFor(() => {
    const { channels } = guides.knock.client().socket as unknown as { channels: { state: string }[] };
    expect(channels.map(({ state }) => state)).toEqual(["joined"]);
  }, PATIENCE);
}

function keysOf({ guides }: BrowserGuides): string[] {
  return Object.keys(guides.store.state.guides).sort();
}

describe("the official browser client", () => {
  it("fetches, selects, and marks a guide, which the server then knows (R-120 to R-123, R-127, R-129)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.guide("tour", { steps: [banner({ title: "Hi {{ recipient.name }} of {{ tenant.name }}" })] });
      harness.guide("later", { active_from: new Date(harness.now + MINUTE).toISOString() });
      harness.guide("docs", { activation_url_patterns: [{ pathname: "/docs/*" }] });
      harness.environment.guide_group.display_sequence = ["tour"];
      const client = open(api, "u1", { tenant: "acme", data: { page: { nested: true } } });
      expect(await client.guides.fetch()).toEqual({ status: "ok" });
      expect(keysOf(client)).toEqual(["docs", "tour"]);
      expect(client.guides.store.state.ineligibleGuides).toMatchObject({ later: { reason: "guide_not_active" } });

      const guide = client.selected();
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
      }, PATIENCE);
      await step?.markAsArchived();
      await vi.waitFor(async () => {
        const other = open(api, "u1", { tenant: "acme" });
        await other.guides.fetch();
        other.guides.setLocation("https://app.test/docs/one");
        expect([keysOf(other), other.selected()?.key]).toEqual([["docs"], "docs"]);
        expect(other.guides.store.state.guideGroupDisplayLogs).toEqual({ default: expect.any(String) });
        other.close();
      }, PATIENCE);
      client.close();
    }));

  it("resets a guide, and fetches it as new (R-128)", () =>
    withApi(async (api) => {
      api.harness.guide("tour");
      const client = open(api);
      await client.guides.fetch();
      await client.selected()?.getStep()?.markAsArchived();
      await vi.waitFor(async () => expect(await api.harness.messages("u1")).toHaveLength(1), PATIENCE);
      await client.guides.resetEngagement(client.guides.store.state.guides.tour!);
      expect(client.guides.store.state.guides.tour?.hasEngagement()).toBe(false);
      expect(client.selected()?.key).toBe("tour");
      client.close();
    }));

  it("is told of guides that come, change, cease to be for the user, and go (R-125)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.guide("tour");
      const client = open(api);
      await client.guides.fetch();
      client.guides.subscribe();
      await joined(client);

      harness.guide("more", { steps: [banner({ title: "{{ recipient.name }}" })] });
      await vi.waitFor(() => expect(keysOf(client)).toEqual(["more", "tour"]), PATIENCE);
      expect(client.guides.store.state.guideGroups[0]?.display_sequence).toEqual(["more", "tour"]);

      await harness.identify({ id: "u1", name: "Ute" });
      const title = () => client.guides.store.state.guides.more?.steps[0]?.content.title;
      await vi.waitFor(() => expect(title()).toBe("Ute"), PATIENCE);

      harness.guide("more", { target_property_conditions: when("recipient.plan", "equal_to", "pro") });
      await vi.waitFor(() => expect(keysOf(client)).toEqual(["tour"]), PATIENCE);
      await harness.identify({ id: "u1", plan: "pro" });
      await vi.waitFor(() => expect(keysOf(client)).toEqual(["more", "tour"]), PATIENCE);

      harness.guides.delete("tour");
      await vi.waitFor(() => expect(keysOf(client)).toEqual(["more"]), PATIENCE);
      harness.environment.guide_group.display_sequence_unthrottled = ["more"];
      await vi.waitFor(
        () => expect(client.guides.store.state.guides.more?.bypass_global_group_limit).toBe(true),
        PATIENCE,
      );
      client.close();
    }));

  it("sees a guide at once to which a workflow has added its user, and one whose time has come (E-196)", () =>
    withApi(async (api) => {
      const { harness } = api;
      harness.guide("tour", {}, true);
      harness.guide("later", { active_from: new Date(harness.now + MINUTE).toISOString() });
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
      await vi.waitFor(() => expect(keysOf(una)).toEqual(["tour"]), PATIENCE);
      expect(keysOf(udo)).toEqual([]);
      harness.now += MINUTE;
      await vi.waitFor(() => expect([keysOf(una), keysOf(udo)]).toEqual([["later", "tour"], ["later"]]), PATIENCE);
      una.close();
      udo.close();
    }));

  it("learns after a restart what has changed meanwhile (RQ-10)", () =>
    withApi(async (api) => {
      api.harness.guide("tour");
      const client = open(api);
      await client.guides.fetch();
      client.guides.subscribe();
      await joined(client);
      await api.restart(async () => {
        api.harness.guide("tour", { steps: [banner({ title: "New" })] });
      });
      const title = () => client.guides.store.state.guides.tour?.steps[0]?.content.title;
      await vi.waitFor(() => expect(title()).toBe("New"), PATIENCE);
      client.close();
    }));
});

describe("the topic guides:<channel> (R-124)", () => {
  type Frame = [string | null, string | null, string, string, JsonObject];

  async function join(api: OpenedEmulator, payload: JsonObject, topic = "guides:c-tours", query = "api_key=pk_test") {
    const socket = new WebSocket(`${api.url.replace("http", "ws")}/ws/v1/websocket?${query}&vsn=2.0.0`);
    const frames: Frame[] = [];
    socket.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
    await once(socket, "open");
    socket.send(JSON.stringify(["1", "1", topic, "phx_join", payload]));
    await vi.waitFor(() => expect(frames).toHaveLength(1), PATIENCE);
    return { socket, frames, answer: frames[0]?.[4] };
  }

  it("names the topic and the event in every payload, and tells nothing of what the user does", () =>
    withApi(async (api) => {
      api.harness.guide("tour");
      const { socket, frames } = await join(api, { user_id: "u1", tenant: null, data: { a: 1 } });
      await api.knock.users.guides.markMessageAsArchived("u1", {
        channel_id: "c-tours",
        guide_id: guideIdOf("tour"),
        guide_key: "tour",
        guide_step_ref: "step_1",
      });
      api.harness.guide("more");
      await vi.waitFor(() => expect(frames).toHaveLength(3), PATIENCE);
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

  it("tells one that asked for all of those that are not for the user as well", () =>
    withApi(async (api) => {
      const { socket, frames } = await join(api, { user_id: "u1", force_all_guides: true, preview_session_id: "p" });
      api.harness.guide("off", { active: false });
      await vi.waitFor(() => expect(frames.length).toBeGreaterThan(1), PATIENCE);
      expect(frames[1]?.[4]).toMatchObject({ event: "guide.added", data: { eligible: true, guide: { key: "off" } } });
      socket.close();
    }));

  it.each<[string, JsonObject, string, string]>([
    ["without a user", {}, "guides:c-tours", "user_id is required"],
    ["with data that is none", { user_id: "u1", data: "x" }, "guides:c-tours", "data must be a JSON object"],
    ["with a tenant that is none", { user_id: "u1", tenant: 7 }, "guides:c-tours", "tenant must be a tenant's id"],
    ["of a feed", { user_id: "u1" }, "guides:c-feed", "not for in-app guides"],
    ["of nothing", { user_id: "u1" }, "guides:", "unmatched topic"],
  ])("is refused %s", (_title, payload, topic, reason) =>
    withApi(async (api) => {
      const { socket, answer } = await join(api, payload, topic);
      expect(answer).toMatchObject({ status: "error", response: { reason: expect.stringContaining(reason) } });
      socket.close();
    }),
  );

  it("is for the token's own user (A-006, R-053)", () =>
    withApi(async (api) => {
      api.harness.environment.access = { keys: null, enhanced_security: true, signing_key: null };
      const { socket, answer } = await join(api, { user_id: "u1" });
      expect(answer).toEqual({ status: "error", response: { reason: "unauthorized" } });
      socket.close();
    }));
});
