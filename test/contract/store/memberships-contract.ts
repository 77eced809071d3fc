import { describe, expect, it } from "vitest";
import type { AudienceMembership } from "../../../src/domain/audience/audience.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { NOW, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const P1 = toRecipientKey({ collection: "projects", id: "p1" });
const P2 = toRecipientKey({ collection: "projects", id: "p2" });

export function describeMemberships(open: OpenStore): void {
  describe("subscriptions", () => {
    const pair = (id: string, properties = {}, object = P1) => ({ object, recipient: user(id), properties });

    it("A-099 are created once per pair, and their properties are replaced", async () => {
      const first = await open.store.upsertSubscriptions([pair("a", { role: "owner", since: 1 }), pair("b")], NOW);
      expect(first).toEqual([
        { ...pair("a", { role: "owner", since: 1 }), inserted_at: NOW, updated_at: NOW },
        { ...pair("b"), inserted_at: NOW, updated_at: NOW },
      ]);
      const again = await open.store.upsertSubscriptions([pair("a", { role: "guest" }), pair("a", { x: 1 })], NOW + 5);
      expect(again).toEqual([{ ...pair("a", { x: 1 }), inserted_at: NOW, updated_at: NOW + 5 }]);
      expect((await open.store.listSubscribers(P1, null, 9)).items).toEqual([pair("a", { x: 1 }), pair("b")]);
    });

    it("are deleted by pair, which returns those that existed", async () => {
      await open.store.upsertSubscriptions([pair("a"), pair("b"), pair("a", {}, P2)], NOW);
      const removed = await open.store.deleteSubscriptions([pair("a"), pair("nobody"), pair("a")]);
      expect(removed).toEqual([{ ...pair("a"), inserted_at: NOW, updated_at: NOW }]);
      const left = await open.store.listSubscriptions({}, { limit: 9 });
      expect(left.items.map(({ object, recipient }) => [object, recipient])).toEqual([
        [P2, user("a")],
        [P1, user("b")],
      ]);
    });

    it("A-257 A-075 are listed by object, by recipient and by both, newest first", async () => {
      await open.store.upsertSubscriptions([pair("a"), pair("b"), pair("a", {}, P2)], NOW);
      const list = async (filter: object, page = { limit: 9 }) => {
        const { items, page_info } = await open.store.listSubscriptions(filter, page);
        return { pairs: items.map(({ object, recipient }) => `${recipient} ${object}`), after: page_info.after };
      };
      expect((await list({ object: P1 })).pairs).toEqual(["$users/b projects/p1", "$users/a projects/p1"]);
      expect((await list({ recipient: user("a") })).pairs).toEqual(["$users/a projects/p2", "$users/a projects/p1"]);
      expect((await list({ object: P2, recipient: user("b") })).pairs).toEqual([]);
      const first = await list({ object: P1 }, { limit: 1 });
      expect(await list({ object: P1 }, { limit: 1, after: first.after } as never)).toEqual({
        pairs: ["$users/a projects/p1"],
        after: null,
      });
    });
  });

  describe("audiences", () => {
    const member = (id: string, tenant: string | null = null) => ({ recipient: user(id), tenant });
    const identify = (...ids: string[]) =>
      open.store.upsertRecipients(
        ids.map((id) => ({ key: user(id), properties: {} })),
        NOW,
      );

    it("E-388 E-389 return the added members, once per tenant", async () => {
      const add = async (...members: AudienceMembership[]) =>
        (await open.store.addAudienceMembers("beta", members, NOW)).added;
      expect(await add(member("a"), member("a", "acme"), member("a"))).toEqual([member("a"), member("a", "acme")]);
      expect(await add(member("a"), member("b"))).toEqual([member("b")]);
      expect(await open.store.removeAudienceMembers("beta", [member("a"), member("b", "acme")])).toEqual([member("a")]);
      expect(await add(member("a"))).toEqual([member("a")]);
    });

    it("exist from their first use on, even without members", async () => {
      expect(await open.store.readAudienceKeys()).toEqual([]);
      await open.store.addAudienceMembers("vip", [member("a")], NOW);
      await open.store.addAudienceMembers("beta", [], NOW);
      await open.store.removeAudienceMembers("vip", [member("a")]);
      expect(await open.store.readAudienceKeys()).toEqual(["beta", "vip"]);
      const seed = { file: "f", digest: "1", recipients: [], subscriptions: [] };
      await open.store.applySeeds([{ ...seed, audiences: [{ key: "seeded", members: [member("a")] }] }], NOW);
      expect(await open.store.readAudienceKeys()).toEqual(["beta", "seeded", "vip"]);
    });

    it("E-391 list identified members, newest first, page by page", async () => {
      await identify("a", "b");
      await open.store.addAudienceMembers("beta", [member("a"), member("ghost"), member("b", "acme")], NOW);
      await open.store.addAudienceMembers("other", [member("b")], NOW);
      const first = await open.store.listAudienceMembers("beta", { limit: 1 });
      expect(first.items).toMatchObject([{ recipient: { key: user("b") }, tenant: "acme", added_at: NOW }]);
      const second = await open.store.listAudienceMembers("beta", { limit: 1, after: first.page_info.after! });
      expect(second.items).toMatchObject([{ recipient: { key: user("a") }, tenant: null }]);
      expect(second.page_info.after).toBeNull();
      await identify("ghost");
      expect((await open.store.listAudienceMembers("beta", { limit: 9 })).items).toHaveLength(3);
    });
  });
}
