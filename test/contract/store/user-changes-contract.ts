import { describe, expect, it } from "vitest";
import { insertSample, NOW, sampleTrigger, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const NOTHING = { runs: [], events: [] };

export function describeUserChanges(open: OpenStore): void {
  describe("user changes, which audiences use (E-387, E-388)", () => {
    const join = (...ids: string[]) =>
      open.store.addAudienceMembers(
        "beta",
        ids.map((id) => ({ recipient: user(id), tenant: null })),
        NOW,
      );

    it("are recorded for users who join, in order", async () => {
      await join("a", "b");
      await join("b", "c");
      await open.store.removeAudienceMembers("beta", [{ recipient: user("a"), tenant: null }]);
      await open.store.upsertRecipients([{ key: user("a"), properties: { x: 1 } }], NOW);
      expect(await open.store.readUserChanges(2)).toMatchObject([
        { user: user("a"), audience: "beta", tenant: null, at: NOW },
        { user: user("b") },
      ]);
      expect((await open.store.readUserChanges(9)).map(({ user: key }) => key)).toEqual(["a", "b", "c"].map(user));
      expect(await open.store.readNextDueAt()).toBe(NOW);
      expect(await open.store.hasPendingEvents()).toBe(true);
    });

    it("a step's upsert of an audience member adds the member, but no recipient", async () => {
      const audience = { action: "add", key: "beta", tenant: "acme" } as const;
      await open.store.upsertRecipients([{ key: user("a"), properties: {}, audience }], NOW);
      expect(await open.store.readMemberships([user("a"), user("b")])).toEqual(
        new Map([[user("a"), [{ audience: "beta", tenant: "acme" }]]]),
      );
      expect((await open.store.readRecipients([user("a")])).size).toBe(0);
      await open.store.upsertRecipients(
        [{ key: user("a"), properties: {}, audience: { ...audience, action: "remove" } }],
        NOW,
      );
      expect((await open.store.readMemberships([user("a")])).size).toBe(0);
    });

    it("are deleted once, together with the runs that they start", async () => {
      await join("a");
      const ids = (await open.store.readUserChanges(9)).map(({ id }) => id);
      const made = sampleTrigger({ recipients: ["a"] });
      const follow = (run = made) => open.store.saveUserChanges({ ...NOTHING, ids, runs: [run] }, NOW);
      expect(await follow()).toBe("saved");
      expect(await open.store.readWorkflowRun(made.run.id)).not.toBeNull();
      const late = sampleTrigger({ recipients: ["a"] });
      expect(await follow(late)).toBe("lost");
      expect(await open.store.readWorkflowRun(late.run.id)).toBeNull();
      await join("b");
      expect((await open.store.readUserChanges(9))[0]?.id).not.toBe(ids[0]); // IDs are not reused.
    });

    it("E-068 store nothing if a once-only workflow has run for a user", async () => {
      const frequencyRecords = [{ workflow: "new-comment", recipient: user("a"), tenant: "*" }];
      await insertSample(open.store, { recipients: ["a"], rest: { frequencyRecords } });
      await join("a");
      const ids = (await open.store.readUserChanges(9)).map(({ id }) => id);
      const again = sampleTrigger({ recipients: ["a"], rest: { frequencyRecords } });
      expect(await open.store.saveUserChanges({ ...NOTHING, ids, runs: [again] }, NOW)).toEqual({
        alreadyTriggered: [user("a")],
      });
      expect(await open.store.readUserChanges(9)).toHaveLength(1);
    });
  });
}
