import type { JsonObject } from "../../../src/util/json.js";
import type { Call, Results } from "./history.js";

/** The API's objects, with the fields that clients read. */
export interface RunObject {
  id: string;
  status: Results["list_runs"]["statuses"][string];
}
export interface MessageObject {
  id: string;
  source: { workflow_recipient_run_id: string };
  read_at: string | null;
  archived_at: string | null;
}
interface FeedItem {
  id: string;
  read_at: string | null;
  blocks: { rendered?: string }[];
  source: { key: string };
}
export interface Feed {
  items: FeedItem[];
  unread_count: number;
}

/** The largest page of lists. Longer lists are not recorded, because they are incomplete. */
export const PAGE_SIZE = 50;

/** A way in which users reach a store. Each method returns what this way tells them, in the API's shapes. */
export interface Transport {
  /** Returns null if the idempotency key was used with another payload. */
  trigger(workflow: string, payload: JsonObject, key: string | undefined): Promise<string | null>;
  /** Returns the recipient runs; null if the response does not list them. */
  cancel(
    workflow: string,
    key: string,
  ): Promise<{ recipient_run_id: string | null; outcome: "cancelled" | "not_cancellable" }[] | null>;
  listRuns(subject: string, workflow: string): Promise<RunObject[]>;
  listMessages(subject: string, workflow: string): Promise<MessageObject[]>;
  readFeed(subject: string): Promise<Feed>;
  readMessage(id: string): Promise<MessageObject>;
  markMessage(id: string, mark: string): Promise<MessageObject>;
  readClock(): Promise<string>;
  moveClock(milliseconds: number): Promise<{ now: string; ran: { recipient_run_id: string; at: string }[] }>;
  runDue(): Promise<{ recipient_run_id: string; at: string }[]>;
  close(): Promise<void>;
}

/** Throws for a feed whose count differs from its items, because both are read in one transaction. */
function checkUnreadCount({ items, unread_count }: Feed): void {
  const unread = items.filter(({ read_at }) => read_at === null).length;
  if (isComplete(items) && unread !== unread_count)
    throw new Error(`the feed says that ${unread_count} items are unread, but it lists ${unread}`);
}

const toEngagement = ({ read_at, archived_at }: MessageObject) => ({
  read: read_at !== null,
  archived: archived_at !== null,
});

const toAdvances = (ran: readonly { recipient_run_id: string; at: string }[]) =>
  ran.map(({ recipient_run_id, at }) => ({ run: recipient_run_id, at: Date.parse(at) }));

type Perform = { [Type in Call["type"]]: (call: Extract<Call, { type: Type }>) => Promise<Results[Type] | null> };

const isComplete = (items: readonly unknown[]): boolean => items.length < PAGE_SIZE;

/** Returns the functions that perform calls over a transport. */
function createCalls(transport: Transport): Perform {
  return {
    async trigger({ workflow, subject, activity, key, payload }) {
      const recipients = [{ id: subject, name: subject }];
      const data = { ...(activity === undefined ? {} : { activity }), ...(payload === undefined ? {} : { payload }) };
      const cancellation_key = activity ?? subject;
      return { run: await transport.trigger(workflow, { recipients, data, cancellation_key }, key) };
    },
    async cancel({ workflow, key }) {
      const runs = await transport.cancel(workflow, key);
      return {
        runs: runs && Object.fromEntries(runs.map(({ recipient_run_id, outcome }) => [recipient_run_id, outcome])),
      };
    },
    async list_runs({ subject }) {
      const runs = await transport.listRuns(subject, "journey");
      if (!isComplete(runs)) return null;
      return { statuses: Object.fromEntries(runs.map(({ id, status }) => [id, status])) };
    },
    async count_messages({ subject }) {
      const items = await transport.listMessages(subject, "journey");
      if (!isComplete(items)) return null;
      const messages: Record<string, number> = {};
      for (const { source } of items)
        messages[source.workflow_recipient_run_id] = (messages[source.workflow_recipient_run_id] ?? 0) + 1;
      return { messages };
    },
    async list_digests({ subject }) {
      const feed = await transport.readFeed(subject);
      checkUnreadCount(feed);
      const digests = feed.items.map(({ id, blocks }) => [id, readActivities(String(blocks[0]?.rendered))]);
      return { digests: Object.fromEntries(digests) };
    },
    mark: async ({ message, mark }) =>
      toEngagement(mark === null ? await transport.readMessage(message) : await transport.markMessage(message, mark)),
    async move_clock({ by }) {
      const { now, ran } = await transport.moveClock(by);
      return { now: Date.parse(now), ran: toAdvances(ran) };
    },
    read_clock: async () => ({ now: Date.parse(await transport.readClock()) }),
    work: async () => ({ ran: toAdvances(await transport.runDue()) }),
  };
}

/** Returns the activities in the text of a digest. */
export const readActivities = (text: string): string[] => text.match(/\b[a-z]\w*-\d+-\d+\b/g) ?? [];

/** Performs a call, and returns its result, or null if it is incomplete. */
export function performCall(transport: Transport, call: Call): Promise<Results[Call["type"]] | null> {
  const perform = createCalls(transport)[call.type] as (call: Call) => Promise<Results[Call["type"]] | null>;
  return perform(call);
}
