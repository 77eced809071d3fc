import { describe, expect, it } from "vitest";
import type { ChannelType } from "../../../src/domain/message/channel-types.js";
import type { EngagementAction, Message } from "../../../src/domain/message/message.js";
import { insertSample, NOW, user } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const LATER = NOW + 60_000;

type Times = Partial<Pick<Message, "seen_at" | "read_at" | "interacted_at" | "link_clicked_at" | "archived_at">>;

/** The effect of an action on a message with the times `before`: its times afterwards and the added events. */
const CASES: {
  title: string;
  action: EngagementAction;
  channel?: ChannelType;
  before?: Times;
  after: Times;
  events: EngagementAction[];
}[] = [
  { title: "E-221 seen sets its time", action: "seen", after: { seen_at: LATER }, events: ["seen"] },
  { title: "E-227 read does not set seen", action: "read", after: { read_at: LATER }, events: ["read"] },
  {
    title: "E-227 EQ-34 A-107 interacted marks an unread message as read",
    action: "interacted",
    after: { interacted_at: LATER, read_at: LATER },
    events: ["interacted", "read"],
  },
  {
    title: "E-227 interacted keeps the time of an earlier read",
    action: "interacted",
    before: { read_at: 5 },
    after: { interacted_at: LATER, read_at: 5 },
    events: ["interacted"],
  },
  {
    title: "E-223 a clicked link in a feed does not mark the message as read",
    action: "link_clicked",
    after: { link_clicked_at: LATER },
    events: ["link_clicked"],
  },
  {
    title: "E-223 a clicked link in an email does not mark the message as read",
    action: "link_clicked",
    channel: "email",
    after: { link_clicked_at: LATER },
    events: ["link_clicked"],
  },
  {
    title: "E-223 E-227 a clicked link in an SMS marks it as read",
    action: "link_clicked",
    channel: "sms",
    after: { link_clicked_at: LATER, read_at: LATER },
    events: ["link_clicked", "read"],
  },
  {
    title: "E-223 E-227 a clicked link in a chat message marks it as read",
    action: "link_clicked",
    channel: "chat",
    after: { link_clicked_at: LATER, read_at: LATER },
    events: ["link_clicked", "read"],
  },
  {
    title: "E-227 a clicked link keeps the time of an earlier read",
    action: "link_clicked",
    channel: "chat",
    before: { read_at: 5 },
    after: { link_clicked_at: LATER, read_at: 5 },
    events: ["link_clicked"],
  },
  {
    title: "A-107 archived sets nothing else",
    action: "archived",
    after: { archived_at: LATER },
    events: ["archived"],
  },
  {
    title: "E-221 a repeated action updates the time",
    action: "seen",
    before: { seen_at: 5 },
    after: { seen_at: LATER },
    events: ["seen"],
  },
  {
    title: "E-222 unseen removes only the seen time",
    action: "unseen",
    before: { seen_at: 5, read_at: 6 },
    after: { seen_at: null, read_at: 6 },
    events: ["unseen"],
  },
  {
    title: "E-222 unread removes only the read time",
    action: "unread",
    before: { read_at: 5, interacted_at: 6 },
    after: { read_at: null, interacted_at: 6 },
    events: ["unread"],
  },
  {
    title: "E-222 unarchived removes the archived time",
    action: "unarchived",
    before: { archived_at: 5 },
    after: { archived_at: null },
    events: ["unarchived"],
  },
  { title: "E-230 unread adds an event even if no time is set", action: "unread", after: {}, events: ["unread"] },
];

export function describeEngagement(open: OpenStore): void {
  describe("markMessages", () => {
    it.each(CASES)("$title", async ({ action, channel = "in_app_feed", before = {}, after, events }) => {
      const inserted = await insertSample(open.store, {
        recipients: ["ada", "bob"],
        message: { channel: { id: "c", key: channel, type: channel, provider: "p" }, ...before },
      });
      const [message, untouched] = inserted.messages as [Message, Message];
      const expected: Message = {
        ...message,
        ...after,
        events: [...message.events, ...events.map((type) => ({ type, at: LATER, data: null }))],
        updated_at: LATER,
      };
      expect((await open.store.markMessages([message.id], action, LATER)).messages).toEqual([expected]);
      expect(await (await open.openAgain()).readMessages([message.id, untouched.id])).toEqual([expected, untouched]);
    });

    it("E-221 E-230 adds an event for each repetition, and keeps the latest time", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada"] });
      const id = inserted.messages[0]!.id;
      await open.store.markMessages([id], "read", NOW + 1);
      const [twice] = (await open.store.markMessages([id], "read", NOW + 2)).messages;
      expect(twice?.read_at).toBe(NOW + 2);
      expect(twice?.events.slice(-2)).toEqual([
        { type: "read", at: NOW + 1, data: null },
        { type: "read", at: NOW + 2, data: null },
      ]);
    });

    it("E-219 keeps the actors and totals of a message's batch", async () => {
      const batch = { actors: [user("ada"), user("bob")], total_actors: 12, total_activities: 14 };
      const inserted = await insertSample(open.store, { recipients: ["ada"], message: { batch } });
      const [stored] = await (await open.openAgain()).readMessages([inserted.messages[0]!.id]);
      expect(stored?.batch).toEqual(batch);
    });

    it("E-226 A-924 keeps an interaction's metadata with its event, not with the implied one", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada"] });
      const id = inserted.messages[0]!.id;
      const metadata = { button: "approve", count: 2 };
      const [marked] = (await open.store.markMessages([id], "interacted", NOW + 1, metadata)).messages;
      const [stored] = await (await open.openAgain()).readMessages([id]);
      for (const message of [marked, stored])
        expect(message?.events.slice(-2)).toEqual([
          { type: "interacted", at: NOW + 1, data: metadata },
          { type: "read", at: NOW + 1, data: null },
        ]);
    });

    it("returns messages in the order of the IDs, without unknown ones, each marked once", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada", "bob"] });
      const [ada, bob] = inserted.messages.map(({ id }) => id) as [string, string];
      const { messages: marked } = await open.store.markMessages([bob, "unknown", ada, bob], "archived", LATER);
      expect(marked.map(({ id }) => id)).toEqual([bob, ada]);
      expect(marked[0]?.events.filter(({ type }) => type === "archived")).toHaveLength(1);
      expect((await open.store.markMessages(["unknown"], "seen", LATER)).messages).toEqual([]);
    });
  });

  describe("deleteMessages (A-205)", () => {
    it("deletes only the given messages, ignores unknown IDs, and keeps the runs", async () => {
      const inserted = await insertSample(open.store, { recipients: ["ada", "bob"] });
      const [ada, bob] = inserted.messages.map(({ id }) => id) as [string, string];
      await open.store.deleteMessages([ada, "unknown"]);
      const again = await open.openAgain();
      expect((await again.readMessages([ada, bob])).map(({ id }) => id)).toEqual([bob]);
      expect((await again.listRecipientRuns({}, { limit: 5 })).items).toHaveLength(2);
    });
  });
}
