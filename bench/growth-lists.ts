import { toRecipientKey } from "../src/domain/recipient/recipient.js";
import type { MessageQuery, RunQuery } from "../src/ports/filters.js";
import type { Store } from "../src/ports/store.js";
import { fillStore, HEAVY_USER, RARE_CHANNEL, RARE_USER, RARE_WORKFLOW } from "./growth-rows.js";

export type Figures = Record<string, number>;

const PAGE = { limit: 50 };
const REPEATS = 5;
const LEAST_REPEATS = 7;
export const FEED_CHANNEL = "in-app-feed";

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** Returns the processor time of this process in milliseconds. SQLite runs in the process. */
export function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Returns the least time of some repetitions, which depends less on the load of the machine than the median. */
export async function measureLeast(work: () => Promise<unknown>, readMs: () => number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < LEAST_REPEATS; count++) {
    const start = readMs();
    await work();
    least = Math.min(least, readMs() - start);
  }
  return least;
}

/** Returns the median time of some work in milliseconds. */
export async function measure(work: () => Promise<unknown>, repeats = REPEATS): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < repeats; count++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

const MESSAGE_FILTERS: Record<string, MessageQuery> = {
  "messages by a status that none has": { status: "bounced" },
  "messages by a status that none has any more": { status: "queued" },
  "messages by a status of the oldest three": { status: "undelivered" },
  "messages by a workflow that none has": { workflow: "nowhere" },
  "messages by a workflow of the oldest three": { workflow: RARE_WORKFLOW },
  "messages by a channel that none has": { channel: "nowhere" },
  "messages by a channel of the oldest three": { channel: RARE_CHANNEL },
  "messages by a tenant of the oldest three": { tenant: "rare-tenant" },
  "messages by a recipient with three": { recipient: RARE_USER },
  "messages by status, workflow and tenant of the oldest three": {
    status: "undelivered",
    workflow: RARE_WORKFLOW,
    tenant: "rare-tenant",
  },
  "messages by a common workflow and a status that none has": { workflow: "invite", status: "bounced" },
  "messages by a common status and workflow": { status: "delivered", workflow: "invite" },
};

const RUN_FILTERS: Record<string, RunQuery> = {
  "runs by a recipient that none has": { recipient: toRecipientKey("nobody") },
  "runs by a recipient with three": { recipient: RARE_USER },
  "runs by the recipient of a tenth": { recipient: HEAVY_USER },
  "runs by a status that none has": { status: "processing" },
  "runs by a status that none has any more": { status: "paused" },
  "runs with errors, which none has": { has_errors: true },
  "runs by a status of the oldest three": { status: "cancelled" },
  "runs by a workflow of the oldest three": { workflow: RARE_WORKFLOW },
  "runs by status and recipient of the oldest three": { status: "cancelled", recipient: RARE_USER },
};

/** Fills a store with `size` rows. Returns the time of each in milliseconds. */
export async function measureInserts(store: Store, size: number): Promise<number> {
  const start = performance.now();
  await fillStore(store, size);
  return (performance.now() - start) / size;
}

/** Measures a page of each list and of a large feed. */
export async function measureLists<Figure>(
  store: Store,
  measureWork: (work: () => Promise<unknown>) => Promise<Figure>,
): Promise<Record<string, Figure>> {
  const figures: Record<string, Figure> = {};
  for (const [name, filter] of Object.entries(MESSAGE_FILTERS))
    figures[name] = await measureWork(() => store.listMessages(filter, PAGE));
  for (const [name, filter] of Object.entries(RUN_FILTERS))
    figures[name] = await measureWork(() => store.listRecipientRuns(filter, PAGE));
  const cancellation = { workflow: RARE_WORKFLOW, cancellation_key: "rare", recipients: null, at: Date.now() };
  figures["runs by the cancellation key of the oldest three"] = await measureWork(() => store.cancelRuns(cancellation));
  const { cursor } = await store.readNewMessages(null);
  figures["messages by recipient since the newest"] = await measureWork(() => store.readNewMessages(cursor));
  const feed = { recipient: HEAVY_USER, channel: FEED_CHANNEL };
  figures["a feed page"] = await measureWork(() => store.listFeed(feed, PAGE));
  figures["a feed page of a tenant"] = await measureWork(() => store.listFeed({ ...feed, tenant: "acme" }, PAGE));
  figures["a feed page of unread items"] = await measureWork(() => store.listFeed({ ...feed, status: "unread" }, PAGE));
  return figures;
}
