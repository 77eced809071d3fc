import type { FeedClientOptions } from "@knocklabs/client";
import { expect, vi } from "vitest";
import { type BrowserFeed, listenToFeed } from "../../../../helpers/browser-client.js";
import type { ClientCase } from "../../../../helpers/client-case.js";
import { WAIT_OPTIONS } from "../../../../helpers/eventually.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const MANY = 130;

function listen(api: TestEmulator, options: FeedClientOptions = {}): BrowserFeed {
  const { user, ...access } = api.signIn("u1");
  return listenToFeed(api.url, user, "feed", { ...access, ...options });
}

async function joined({ feed }: BrowserFeed): Promise<void> {
  await vi.waitFor(() => {
    const { channels } = feed.knock.client().socket as unknown as { channels: { state: string }[] };
    expect(channels.map(({ state }) => state)).toEqual(["joined"]);
  }, WAIT_OPTIONS);
}

async function received({ received: ids }: BrowserFeed, count: number): Promise<void> {
  await vi.waitFor(() => expect(ids).toHaveLength(count), WAIT_OPTIONS);
}

/** Triggers with one second between the messages, because the client sorts items by time. */
export function trigger(api: TestEmulator, recipients = ["u1"]) {
  api.harness.now += 1_000;
  return api.knock.workflows.trigger("hello", { recipients, data: { n: 1 } });
}

async function triggerMany(api: TestEmulator): Promise<void> {
  for (let n = 0; n < MANY; n++) {
    api.harness.now += 1_000;
    await api.harness.trigger("hello", { recipients: ["u1"], data: { n } });
  }
}

/** Opens browser clients, one with each of the options, until `run` ends. */
async function withBrowsers(
  api: TestEmulator,
  options: FeedClientOptions[],
  run: (...browsers: [BrowserFeed, BrowserFeed]) => Promise<void>,
): Promise<void> {
  const browsers = options.map((own) => listen(api, own)) as [BrowserFeed, BrowserFeed];
  try {
    await Promise.all(browsers.map(joined));
    await run(...browsers);
  } finally {
    for (const browser of browsers) browser.close();
  }
}

/** Cases of the official browser client for feeds. */
export const BROWSER_FEED_CASES: ClientCase[] = [
  {
    title: "receives a message at once, and another client sees its status change (R-057, R-091)",
    run: (api) =>
      withBrowsers(api, [{}, { __experimentalCrossBrowserUpdates: true }], async (first, second) => {
        await trigger(api);
        await Promise.all([first, second].map((browser) => received(browser, 1)));
        const { items, metadata } = first.feed.getState();
        expect(metadata).toMatchObject({ total_count: 1, unread_count: 1, unseen_count: 1 });
        await first.feed.markAsRead(items);
        await vi.waitFor(() => {
          const state = second.feed.getState();
          expect(state.items.map(({ read_at }) => typeof read_at)).toEqual(["string"]);
          expect(state.metadata.unread_count).toBe(0);
        }, WAIT_OPTIONS);
      }),
  },
  {
    title:
      "receives status changes only with that option, and otherwise the counts with the next message (R-058, RQ-6)",
    run: (api) =>
      withBrowsers(api, [{}, {}], async (first, second) => {
        await trigger(api);
        await Promise.all([first, second].map((browser) => received(browser, 1)));
        await first.feed.markAsRead(first.feed.getState().items);
        await trigger(api);
        await received(second, 2);
        expect(second.feed.getState().metadata).toMatchObject({ total_count: 2, unread_count: 1 });
        await second.feed.fetch();
        const { items } = second.feed.getState();
        expect(items.map(({ read_at }) => typeof read_at)).toEqual(["object", "string"]);
      }),
  },
  {
    title: "reconnects after a restart and receives the messages of that time (R-041)",
    run: (api) =>
      withBrowsers(api, [{}], async (browser) => {
        await trigger(api);
        await received(browser, 1);
        await api.restart(async () => {
          api.harness.now += 1_000;
          await api.harness.trigger("hello", { recipients: ["u1"], data: { n: 2 } });
        });
        await received(browser, 2);
        await trigger(api);
        await received(browser, 3);
        expect(new Set(browser.received).size).toBe(3);
      }),
  },
  ...(
    [
      ["while it is connected", triggerMany],
      ["while it is disconnected", (api) => api.restart(() => triggerMany(api))],
    ] satisfies [when: string, come: (api: TestEmulator) => Promise<void>][]
  ).map(
    ([when, come]): ClientCase => ({
      // The client reads one page after each event (RQ-12).
      title: `reads more new messages than a page contains without another message: ${when} (RQ-12)`,
      run: (api) =>
        withBrowsers(api, [{}], async (browser) => {
          await trigger(api);
          await received(browser, 1);
          await come(api);
          await vi.waitFor(() => expect(browser.feed.getState().items).toHaveLength(MANY + 1), WAIT_OPTIONS);
          expect(new Set(browser.received).size).toBe(MANY + 1);
        }),
    }),
  ),
];
