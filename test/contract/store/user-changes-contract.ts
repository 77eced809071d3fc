import { describe, expect, it } from "vitest";
import { NO_CAUSED_WORK } from "../../../src/ports/due-store.js";
import { claimAt } from "./due-work-contract.js";
import { insertSample, NOW, sampleTrigger, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const MINUTE = 60_000;
const NOTHING = { runs: [], events: [] };

export function describeUserChanges(open: OpenStore): void {
  describe("user changes, which audiences use (E-387, E-388)", () => {
    const join = (...ids: string[]) =>
      open.store.addAudienceMembers(
        "beta",
        ids.map((id) => ({ recipient: user(id), tenant: null })),
        NOW,
      );
    const claimIds = async (token: string) =>
      (await open.store.claimUserChanges(claimAt(NOW, token), 9)).map(({ id }) => id);
    const claimUsers = async (token: string) =>
      (await open.store.claimUserChanges(claimAt(NOW, token), 9)).map(({ user: key }) => key);

    it("are recorded for users who join, in order", async () => {
      await join("a", "b");
      await join("b", "c");
      await open.store.removeAudienceMembers("beta", [{ recipient: user("a"), tenant: null }]);
      await open.store.upsertRecipients([{ key: user("a"), properties: { x: 1 } }], NOW);
      expect(await open.store.readNextDueAt()).toBe(NOW);
      expect(await open.store.claimUserChanges(claimAt(NOW, "t1"), 2)).toMatchObject([
        { user: user("a"), audience: "beta", tenant: null, at: NOW },
        { user: user("b") },
      ]);
      expect(await open.store.readNextDueAt()).toBe(NOW);
      expect(await claimUsers("t2")).toEqual([user("c")]);
      expect(await claimUsers("t3")).toEqual([]);
    });

    it("are reported by the writes that record them", async () => {
      expect((await join("a", "b")).caused).toEqual({ ...NO_CAUSED_WORK, users: ["a", "b"].map(user) });
      expect(await join("b")).toEqual({ added: [], caused: NO_CAUSED_WORK });
    });

    it("of one user go to one claim at a time, until its lease ends", async () => {
      await join("a", "b");
      await open.store.addAudienceMembers("gamma", [{ recipient: user("a"), tenant: null }], NOW);
      expect(await open.store.claimUserChanges(claimAt(NOW, "t1"), 1)).toMatchObject([
        { user: user("a"), audience: "beta" },
      ]);
      expect(await claimUsers("t2")).toEqual([user("b")]);
      expect([...(await open.store.listDueKinds(NOW))]).toEqual([]);
      expect(await open.store.readNextDueAt()).toBe(NOW + MINUTE);
      open.realNow = NOW + MINUTE;
      expect([...(await open.store.listDueKinds(NOW))]).toEqual(["user_changes"]);
      expect(await open.store.readNextDueAt()).toBe(NOW);
      expect(await claimUsers("t3")).toEqual(["a", "b", "a"].map(user));
    });

    it("can be claimed for some users", async () => {
      await join("a", "b");
      const scope = { users: [user("b"), user("c")] };
      expect(await open.store.claimUserChanges({ ...claimAt(NOW, "t1"), scope }, 9)).toMatchObject([
        { user: user("b") },
      ]);
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
      const ids = await claimIds("t1");
      const made = sampleTrigger({ recipients: ["a"] });
      const follow = (run = made, token = "t1") =>
        open.store.saveUserChanges({ ...NOTHING, ids, runs: [run] }, token, NOW);
      expect(await follow(made, "t2")).toEqual({ outcome: "lost" });
      expect(await follow()).toEqual({ outcome: "saved", caused: NO_CAUSED_WORK });
      expect(await open.store.readWorkflowRun(made.run.id)).not.toBeNull();
      const late = sampleTrigger({ recipients: ["a"] });
      expect(await follow(late)).toEqual({ outcome: "lost" });
      expect(await open.store.readWorkflowRun(late.run.id)).toBeNull();
      await join("b");
      expect((await claimIds("t2"))[0]).not.toBe(ids[0]); // IDs are not reused.
    });

    it("E-068 store nothing if a once-only workflow has run for a user", async () => {
      const frequencyRecords = [{ workflow: "new-comment", recipient: user("a"), tenant: "*" }];
      await insertSample(open.store, { recipients: ["a"], rest: { frequencyRecords } });
      await join("a");
      const ids = await claimIds("t1");
      const again = sampleTrigger({ recipients: ["a"], rest: { frequencyRecords } });
      expect(await open.store.saveUserChanges({ ...NOTHING, ids, runs: [again] }, "t1", NOW)).toEqual({
        outcome: "already_triggered",
        recipients: [user("a")],
      });
      open.realNow = NOW + MINUTE;
      expect(await claimIds("t2")).toEqual(ids);
    });
  });
}
