import { afterEach, describe, expect, it } from "vitest";
import { FeedSubscription } from "../../../../../src/features/dev/emulator/realtime/feed-subscription.js";
import { FeedWatcher } from "../../../../../src/features/dev/emulator/realtime/feed-watcher.js";
import { StoreWatcher } from "../../../../../src/features/dev/emulator/store-watcher.js";
import type { JsonObject } from "../../../../../src/util/json.js";
import { EngineHarness } from "../../../../helpers/engine-harness.js";
import { eventually } from "../../../../helpers/eventually.js";

const FEED = { ref: "feed_1", type: "channel", channel_key: "feed", channel_type: "in_app_feed" };
const USERS = Array.from({ length: 60 }, (_, index) => `w${index}`);

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** Watches the feeds of {@link USERS}. Returns the sent payloads, and the number of feed reads since the last call. */
async function watching(slow_ms = 0) {
  const harness = await EngineHarness.open();
  harness.define("hello", { steps: [{ ...FEED, template: { markdown_body: "Hi" } }] });
  await harness.identify(...USERS.map((id) => ({ id })), { id: "other" });
  const { feeds } = harness.engine.resources;
  let reads = 0;
  const fail = (error: unknown): void => {
    throw error;
  };
  const watch = new FeedWatcher(
    async (filter, page) => {
      reads++;
      if (slow_ms > 0) await new Promise((resolve) => setTimeout(resolve, slow_ms));
      return feeds.list(filter, page);
    },
    (cursor) => feeds.readNewMessages(cursor),
    new StoreWatcher(harness.engine, fail),
    fail,
  );
  close = async () => {
    await watch.stop();
    await harness.close();
  };
  const told: { user: string; payload: JsonObject }[] = [];
  for (const user of USERS) {
    const send = (payload: JsonObject): void => void told.push({ user, payload });
    const topic = { channel: "c-feed", user, granted: undefined };
    await watch.add(FeedSubscription.create(`feeds:c-feed:${user}`, topic, { a: {} }, send));
  }
  const readSince = (): number => {
    const since = reads;
    reads = 0;
    return since;
  };
  return { harness, told, readSince };
}

describe("many subscribed feeds", () => {
  it("are read one by one for new messages, and all together only now and then", async () => {
    const { harness, told, readSince } = await watching();
    // The first read after the joins covers all feeds.
    await harness.trigger("hello", { recipients: ["w0"] });
    await eventually(() => told.length === 1);
    readSince();
    const others = USERS.slice(1, 41);
    for (const user of others) {
      await harness.trigger("hello", { recipients: [user] });
      await eventually(() => told.at(-1)?.user === user);
    }
    expect(told.map(({ user }) => user)).toEqual(["w0", ...others]);
    expect(readSince()).toBeLessThan((others.length * USERS.length) / 2);
  });

  it("do not delay a new message until all feeds are read", async () => {
    const { harness, told, readSince } = await watching(5);
    await harness.trigger("hello", { recipients: ["w0"] });
    await eventually(() => told.length === 1);
    await eventually(async () => {
      readSince();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return readSince() === 0;
    });
    await harness.identify({ id: "other", name: "Other" }); // a change that is in none of the feeds
    await eventually(() => readSince() > 0);
    await harness.trigger("hello", { recipients: ["w59"] });
    await eventually(() => told.length === 2);
    expect(readSince()).toBeLessThan(USERS.length / 2);
  });

  it("include messages that a merge has moved", async () => {
    const { harness, told } = await watching();
    await harness.trigger("hello", { recipients: ["other"] });
    await harness.engine.resources.users.merge("w5", "other");
    await eventually(() => told.length === 1);
    expect(told).toMatchObject([{ user: "w5", payload: { metadata: { total_count: 1 } } }]);
  });

  it("are still watched after the store was emptied and its rows start again", async () => {
    const { harness, told } = await watching();
    for (let more = 0; more < 3; more++) await harness.trigger("hello", { recipients: ["w9"] });
    await eventually(() => told.length > 0);
    await harness.engine.clear({ keepRecipients: true });
    await harness.trigger("hello", { recipients: ["w8"] });
    await eventually(() => told.some(({ user }) => user === "w8"));
  });
});
