import { describe, expect, it } from "vitest";
import type { Guide } from "../../../src/domain/guide/guide.js";
import type { EngagementAction, Message } from "../../../src/domain/message/message.js";
import type { GuideEngagement } from "../../../src/ports/guide-store.js";
import { insertSample, NOW, sampleMessage, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const GUIDE: Guide = {
  key: "tour",
  name: "Tour",
  channel_key: "tours",
  type: "banner",
  semver: "0.0.1",
  active: true,
  active_from: null,
  active_until: null,
  target_audience_key: null,
  tenancy_strict_mode: false,
  scope: "global",
  target_property_conditions: null,
  activation_url_patterns: [],
  steps: [],
  managed: false,
};

export function describeGuides(open: OpenStore): void {
  describe("guides", () => {
    const engagement = async (action: EngagementAction, over: Partial<Message> = {}): Promise<GuideEngagement> => {
      const like = { id: "r", workflow: "tour", version_id: "00000000-0000-5000-8000-000000000001", tenant: null };
      const message = sampleMessage(
        { ...like, actor: null, data: { page: "home" } } as never,
        { id: "x", recipient: user("ana"), inserted_at: NOW } as never,
        { source: "guide", step_ref: "one", categories: [], ...over },
      );
      return { guide: GUIDE, message, action, data: null };
    };
    const readIds = async () => (await open.store.readGuideMessages(user("ana"))).map(({ id }) => id);
    const engage = async (action: EngagementAction, over: Partial<Message> = {}, at = NOW): Promise<Message> =>
      (await open.store.recordGuideEngagement(await engagement(action, over), at)).message;

    it("create a message with the first engagement and mark it with later ones", async () => {
      const first = await engage("seen");
      const second = await engage("interacted", {}, NOW + 1);
      expect(second).toMatchObject({ id: first.id, source: "guide", workflow: "tour", seen_at: NOW, read_at: NOW + 1 });
      const other = await engage("seen", { step_ref: "two" });
      await engage("seen", { recipient: user("bo") });
      expect(await readIds()).toEqual([first.id, other.id]);
      expect(await open.store.readMessages([first.id])).toEqual([second]);
    });

    it("E-416 create one message for all tenants, or one for each with the scope per_tenant", async () => {
      const first = await engage("seen", { tenant: "acme" });
      expect(await engage("archived", { tenant: "zeta" })).toMatchObject({
        id: first.id,
        tenant: "acme",
        archived_at: NOW,
      });
      expect(await readIds()).toEqual([first.id]);
      const guide: Guide = { ...GUIDE, scope: "per_tenant" };
      const inTenant = async (tenant: string | null) =>
        (await open.store.recordGuideEngagement({ ...(await engagement("seen", { tenant })), guide }, NOW)).message;
      const second = await inTenant("zeta");
      const third = await inTenant(null);
      expect([(await inTenant("zeta")).id, (await inTenant(null)).id]).toEqual([second.id, third.id]);
      expect(await readIds()).toEqual([first.id, second.id, third.id]);
      expect(await open.store.resetGuide(user("ana"), guide, "zeta")).toBe(1);
      expect(await readIds()).toEqual([first.id, third.id]);
    });

    it("have the content and the data of the first time they are seen, which may arrive after an interaction", async () => {
      const content = { title: "shown" };
      const first = await engage("interacted", { data: {} });
      expect(await engage("seen", { content })).toMatchObject({ id: first.id, content, data: { page: "home" } });
      expect(await engage("seen", { content: { title: "again" }, data: {} })).toMatchObject({
        content,
        data: { page: "home" },
      });
      await engage("archived", { content: {}, data: {} });
      expect(await open.store.readGuideMessages(user("ana"))).toMatchObject([{ content, data: { page: "home" } }]);
    });

    it("are in the list of messages, but not in the list of runs", async () => {
      await insertSample(open.store, { recipients: ["ana"] });
      const { id, workflow_run_id, recipient_run_id } = await engage("seen");
      const { items } = await open.store.listMessages(
        { workflow: "tour", trigger_data: { page: "home" } },
        { limit: 5 },
      );
      expect(items.map((message) => [message.id, message.source])).toEqual([[id, "guide"]]);
      expect((await open.store.listMessages({}, { limit: 5 })).items).toHaveLength(2);
      expect((await open.store.listRecipientRuns({}, { limit: 5 })).items).toHaveLength(1);
      expect(await open.store.readWorkflowRun(workflow_run_id)).toBeNull();
      expect(await open.store.readRecipientRun(recipient_run_id)).toBeNull();
    });

    it("are reset for one user and guide, and their messages stay", async () => {
      await engage("seen");
      await engage("seen", { step_ref: "two" });
      await engage("seen", { step_ref: "three", tenant: "acme" });
      await engage("seen", { recipient: user("bo") });
      expect(await open.store.resetGuide(user("ana"), { key: "tour", scope: "global" }, null)).toBe(3);
      expect(await open.store.resetGuide(user("ana"), { key: "tour", scope: "global" }, null)).toBe(0);
      expect(await open.store.readGuideMessages(user("ana"))).toEqual([]);
      const { items } = await open.store.listMessages({}, { limit: 5 });
      expect(items.map(({ source }) => source)).toEqual(["guide", "guide", "guide", "guide"]);
      expect((await engage("interacted")).seen_at).toBeNull();
    });

    it("create one message if two processes engage at once", async () => {
      const again = await open.openAgain();
      const [a, b] = await Promise.all([
        engage("seen"),
        engagement("archived").then((other) => again.recordGuideEngagement(other, NOW)),
      ]);
      expect(a.id).toBe(b.message.id);
      expect((await open.store.readMessages([a.id]))[0]).toMatchObject({ seen_at: NOW, archived_at: NOW });
    });

    it("are removed when the store is cleared, with or without recipients", async () => {
      await engage("seen");
      await open.store.clear({ keepRecipients: true });
      expect(await open.store.readGuideMessages(user("ana"))).toEqual([]);
      expect((await engage("seen")).seen_at).toBe(NOW);
    });
  });
}
