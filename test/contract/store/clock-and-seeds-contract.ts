import { describe, expect, it } from "vitest";
import type { Schedule } from "../../../src/domain/trigger/schedule.js";
import type { Seed } from "../../../src/ports/seed-store.js";
import { eventually } from "../../helpers/eventually.js";
import { HOUR, NOW, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const seed = (over: Partial<Seed> = {}): Seed => ({
  file: "users.json",
  digest: "d1",
  recipients: [
    {
      key: user("ada"),
      properties: { name: "Ada", address: { city: "London" } },
      preferences: { default: { channel_types: { sms: false } } },
      channel_data: { c1: { tokens: ["t1"] } },
    },
  ],
  subscriptions: [],
  audiences: [],
  ...over,
});

export function describeClockAndSeeds(open: OpenStore): void {
  describe("clock", () => {
    it("is real time until it is set", async () => {
      expect(await open.store.readClock()).toEqual({ offset_ms: 0, frozen_at: null, real_now: open.realNow });
    });

    it("is the same for every process and after closing", async () => {
      await open.store.writeClock({ offset_ms: 5 * HOUR, frozen_at: null });
      const other = await open.openAgain();
      expect(await other.readClock()).toMatchObject({ offset_ms: 5 * HOUR, frozen_at: null });
      await other.writeClock({ offset_ms: 0, frozen_at: NOW });
      expect(await open.store.readClock()).toMatchObject({ offset_ms: 0, frozen_at: NOW });
    });
  });

  describe("secrets", () => {
    it("are random, and the same for every process and after clearing", async () => {
      const [secret, another] = [await open.store.readSecret("links"), await open.store.readSecret("other")];
      expect([secret, another]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.not.stringMatching(secret)]);
      const other = await open.openAgain();
      await other.clear({ keepRecipients: false });
      expect(await other.readSecret("links")).toBe(secret);
    });

    it("are texts that one of two processes replaces", async () => {
      const other = await open.openAgain();
      expect(await open.store.readText("keys")).toBeNull();
      const created = await Promise.all([open.store, other].map((store) => store.replaceText("keys", null, "one")));
      expect(created.sort()).toEqual([false, true]);
      expect(await other.replaceText("keys", "none", "two")).toBe(false);
      expect(await other.replaceText("keys", "one", "two")).toBe(true);
      expect(await open.store.readText("keys")).toBe("two");
    });
  });

  describe("calls", () => {
    it("are counted by key, by all processes that share a database", async () => {
      const listener = open.store.listenForChanges(() => {});
      await listener?.stop();
      const other = listener === null ? open.store : await open.openAgain();
      // Counts begin again in the next second.
      await eventually(async () => {
        const first = await open.store.countCalls(["a", "b"]);
        const both = await Promise.all([open.store.countCalls(["a"]), other.countCalls(["b", "a"])]);
        const counted = [...first.calls, ...both.flatMap(({ calls }) => calls)];
        expect(first.resets_in_ms).toBeLessThanOrEqual(1_000);
        return counted.slice(0, 2).join() === "1,1" && counted.slice(2).sort().join() === "2,2,3";
      });
    });

    it("are not lost or doubled if many arrive at the same time", async () => {
      await eventually(async () => {
        const counts = await Promise.all(Array.from({ length: 50 }, () => open.store.countCalls(["x", "y"])));
        const sorted = counts.map(({ calls }) => calls[0] ?? 0).sort((a, b) => a - b);
        return sorted.every((count, index) => count === index + 1);
      });
    });
  });

  describe("results", () => {
    it("are kept for all processes that share a database", async () => {
      const listener = open.store.listenForChanges(() => {});
      await listener?.stop();
      const other = listener === null ? open.store : await open.openAgain();
      await open.store.keepResult("one", "{}");
      expect([await other.readResult("one"), await other.readResult("two")]).toEqual(["{}", null]);
    });
  });

  describe("announcements", () => {
    it("reach those that listen, if the store announces what others write", async () => {
      let heard = 0;
      const texts: string[] = [];
      const listener = open.store.listenForChanges(
        () => heard++,
        (text) => texts.push(text),
      );
      open.store.sendToOthers("of this process");
      if (listener === null) return;
      await eventually(() => listener.isListening && heard > 0);
      const before = heard;
      const other = await open.openAgain();
      await other.readSecret("announced");
      await eventually(() => heard > before);
      other.sendToOthers("a text");
      await eventually(() => texts.length > 0);
      expect(texts).toEqual(["a text"]);
      await listener.stop();
      await eventually(() => !listener.isListening);
    });
  });

  describe("seeds", () => {
    it("are remembered by file", async () => {
      expect(await open.store.readSeeds()).toEqual(new Map());
      const objects = seed({ file: "objects.json", digest: "d2", stamp: "s1", recipients: [] });
      await open.store.applySeeds([seed(), objects], NOW);
      expect(await open.store.readSeeds()).toEqual(
        new Map([
          ["users.json", { digest: "d1", stamp: null }],
          ["objects.json", { digest: "d2", stamp: "s1" }],
        ]),
      );
    });

    it("take the stamp of a file whose content is known", async () => {
      await open.store.applySeeds([seed()], NOW);
      await open.store.applySeeds([seed({ stamp: "s1", recipients: [] })], NOW + 1);
      expect((await open.store.readSeeds()).get("users.json")).toEqual({ digest: "d1", stamp: "s1" });
      await open.store.applySeeds([seed({ digest: "d3" })], NOW + 2);
      expect((await open.store.readSeeds()).get("users.json")).toEqual({ digest: "d3", stamp: null });
    });

    it("E-038 E-040 E-041 merge recipients and preferences deeply, and replace a channel's data", async () => {
      await open.store.upsertRecipients(
        [
          {
            key: user("ada"),
            properties: { email: "ada@example.com", address: { street: "Main" } },
            preferences: { default: { channel_types: { push: false } } },
            channel_data: { c1: { tokens: ["old"], x: 1 }, c2: { y: 2 } },
          },
        ],
        NOW,
      );
      await open.store.applySeeds([seed()], NOW + 1);
      expect((await open.store.readRecipients([user("ada")])).get(user("ada"))).toEqual({
        key: user("ada"),
        properties: { email: "ada@example.com", name: "Ada", address: { street: "Main", city: "London" } },
        preferences: { default: { channel_types: { push: false, sms: false } } },
        preference_origins: { default: { "channel_types.sms": { by: "users.json", at: NOW + 1 } } },
        channel_data: { c1: { tokens: ["t1"] }, c2: { y: 2 } },
        inserted_at: NOW,
        updated_at: NOW + 1,
      });
    });

    it("are applied once per content: a second process changes nothing", async () => {
      await open.store.applySeeds([seed()], NOW);
      await open.store.upsertRecipients([{ key: user("ada"), properties: { name: "Countess" } }], NOW + 1);
      await (await open.openAgain()).applySeeds([seed()], NOW + 2);
      expect((await open.store.readRecipients([user("ada")])).get(user("ada"))).toMatchObject({
        properties: { name: "Countess" },
        updated_at: NOW + 1,
      });
    });

    it("write and delete schedules, whose files are applied again after the store is cleared", async () => {
      const schedule = (id: string, due: number): Schedule => ({
        id,
        workflow: "digest",
        recipient: user("ada"),
        actor: null,
        tenant: null,
        data: null,
        repeats: [],
        scheduled_at: due,
        ending_at: null,
        next_occurrence_at: due,
        last_occurrence_at: null,
        inserted_at: NOW,
        updated_at: NOW,
      });
      const file = "schedules/team.json";
      const apply = (digest: string, saved: Schedule[], removed: string[]): Promise<void> =>
        open.store.applySeeds([seed({ file, digest, recipients: [], schedules: { saved, removed } })], NOW);
      await apply("d1", [schedule("s1", NOW + 5), schedule("s2", NOW + 5)], []);
      const changed = { ...schedule("s1", NOW + 9), data: { report: "weekly" }, updated_at: NOW + 1 };
      await apply("d2", [changed, schedule("s3", NOW + 7)], ["s2"]);
      // A second process with the same content changes nothing.
      await (await open.openAgain()).applySeeds(
        [seed({ file, digest: "d2", recipients: [], schedules: { saved: [], removed: ["s1"] } })],
        NOW,
      );
      expect(await open.store.readSchedules(["s1", "s2", "s3"])).toEqual([changed, schedule("s3", NOW + 7)]);
      await open.store.applySeeds([seed()], NOW);
      await open.store.clear({ keepRecipients: true });
      expect([...(await open.store.readSeeds()).keys()]).toEqual(["users.json"]);
    });

    it("are applied again when the file's content changes", async () => {
      await open.store.applySeeds([seed()], NOW);
      await open.store.applySeeds(
        [seed({ digest: "d3", recipients: [{ key: user("ada"), properties: { name: "Ada L." } }] })],
        NOW + 2,
      );
      expect((await open.store.readRecipients([user("ada")])).get(user("ada"))).toMatchObject({
        properties: { name: "Ada L.", address: { city: "London" } },
      });
      expect((await open.store.readSeeds()).get("users.json")?.digest).toBe("d3");
    });

    it("are applied for all files or for none", async () => {
      const broken = seed({
        file: "b.json",
        recipients: [{ key: user("bob"), properties: { big: 1n as unknown as number } }],
      });
      await expect(open.store.applySeeds([seed(), broken], NOW)).rejects.toThrow();
      expect(await open.store.readSeeds()).toEqual(new Map());
      expect(await open.store.readRecipients([user("ada"), user("bob")])).toEqual(new Map());
    });
  });
}
