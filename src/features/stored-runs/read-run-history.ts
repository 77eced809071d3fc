import { copyOnRead } from "../../comparison/copy-on-read.js";
import { readSentMessages } from "../../comparison/read-runs.js";
import { buildHistory } from "../../comparison/read-stored-history.js";
import type { RecordedEngagement, RecordedHistory, SentMessage } from "../../comparison/recorded-history.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import { hasEndedStatus } from "../../domain/run/run-status.js";
import { getTriggerData } from "../../domain/run/trigger-data.js";
import { getClockTime } from "../../engine/context/engine-context.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Store } from "../../ports/store.js";
import { MAX_RUNS, selectRelatedRuns } from "./select-related-runs.js";

/** No recipients file has this name. */
const SUBSCRIPTIONS_FILE = "(subscriptions of the run)";

/** A run of a store, with the triggers that reproduce it. */
export interface RunHistory {
  /** The recipient runs with the requested ID, oldest first. */
  selected: readonly StoredRun[];
  /** The triggers of these runs and of those that they depend on, and what happened until they ended, or until now. */
  history: RecordedHistory & { until: number };
  /** The subscriptions through which recipients were reached. */
  subscriptions: readonly Subscription[];
  /** Whether the history has all runs that the selected ones depend on. Its notes say what is missing. */
  isComplete: boolean;
}

/** Returns the recipient run with an ID, or those of a workflow run; empty if there is no such run. */
async function readSelected(store: Store, id: string): Promise<{ selected: StoredRun[]; hasMore: boolean }> {
  const run = await store.readRecipientRun(id);
  if (run !== null) return { selected: [run], hasMore: false };
  const { items, page_info } = await store.listRecipientRuns({ workflow_run_id: id }, { limit: MAX_RUNS });
  return { selected: items.reverse(), hasMore: page_info.after !== null };
}

/** Reads the messages of runs, oldest first, and the engagements with them. */
async function readMessages(
  store: Store,
  runs: readonly StoredRun[],
): Promise<{ messages: SentMessage[]; engagements: RecordedEngagement[] }> {
  const messages: SentMessage[] = [];
  const engagements: RecordedEngagement[] = [];
  for (const { run, recipientRun } of runs) {
    const own: Pick<Store, "listMessages"> = {
      listMessages: (query, page) => store.listMessages({ ...query, recipient_run_id: recipientRun.id }, page),
    };
    const read = await readSentMessages(own as Store, { getTriggerName: () => run.id, since: null });
    messages.push(...read.messages);
    engagements.push(...read.engagements);
  }
  return { messages: messages.sort((a, b) => a.at - b.at), engagements };
}

/** Returns when the send windows of sent messages opened, which can be after the end of their runs. */
export function listWindowTimes(messages: readonly SentMessage[]): number[] {
  return messages.flatMap(({ scheduledAt, status }) => (status === "queued" ? [] : (scheduledAt ?? [])));
}

/** Reads a recipient run or all runs of a trigger, with everything that they depended on. Returns null for an unknown ID. */
export async function readRunHistory(store: Store, id: string, maxActivities: number): Promise<RunHistory | null> {
  const { selected, hasMore } = await readSelected(store, id);
  if (selected.length === 0) return null;
  const { runs, notes, isComplete } = await selectRelatedRuns(store, selected, maxActivities);
  const now = getClockTime(await store.readClock());
  // A trigger is repeated as a request, also if a step, a schedule or an audience made it.
  const past = runs.map(({ run, ...rest }) => ({ ...rest, run: { ...run, trigger_source: { type: "api" as const } } }));
  const history = await buildHistory({
    runs: past,
    range: { since: null, until: null, workflows: [...new Set(runs.map(({ run }) => run.workflow))] },
    now,
    notes: hasMore ? [...notes, `the trigger has more than ${MAX_RUNS} recipients; the others are left out`] : notes,
    unknownChanges: [],
    getTriggerData: ({ recipientRun, version }) => getTriggerData(recipientRun, version.steps),
    readMessages: () => readMessages(store, runs),
  });
  const hasEnded = selected.every(({ recipientRun }) => hasEndedStatus(recipientRun.status));
  const ends = [
    ...runs.map(({ recipientRun }) => recipientRun.updated_at),
    ...history.engagements.map(({ at }) => at),
    ...listWindowTimes(history.messages ?? []),
  ];
  const subscriptions = runs.flatMap(({ recipientRun: { via } }) => via ?? []);
  return {
    selected,
    history: { ...history, until: hasEnded ? Math.max(...ends) : now },
    subscriptions,
    isComplete,
  };
}

/** Returns an object that has other methods in place of some of its own. */
export function replaceMethods(store: Store, replaced: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * Returns a store for the runs of a history: it copies each recipient when it is first read, and has only the subscriptions of
 * the history. `change` receives the copied recipients and memberships, and returns those to use.
 */
export async function copyForRuns(
  source: Store,
  target: Store,
  { history, subscriptions }: Pick<RunHistory, "history" | "subscriptions">,
  at: number,
  change: (seeds: readonly Seed[]) => readonly Seed[],
): Promise<Store> {
  const seed = {
    file: SUBSCRIPTIONS_FILE,
    digest: "",
    recipients: [],
    subscriptions: [...subscriptions],
    audiences: [],
  };
  await target.applySeeds([seed], at);
  const narrowed = replaceMethods(source, {
    listSubscribers: (...page) => target.listSubscribers(...page),
    listSubscriptions: (...page) => target.listSubscriptions(...page),
  });
  const observed = replaceMethods(target, {
    async applySeeds(seeds, time) {
      await target.applySeeds(change(seeds), time);
    },
  });
  return copyOnRead(narrowed, observed, history.memberships, at);
}
