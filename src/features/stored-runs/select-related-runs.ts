import { createRootFinder } from "../../comparison/read-runs.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { isBatchStep, isBatchType } from "../../domain/step-types/batch-step.js";
import { isWaitForEventStep } from "../../domain/step-types/wait-for-event-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { RunStore, StoredRun } from "../../ports/run-store.js";
import { formatNumber } from "../../util/format-count.js";
import { isJsonObject } from "../../util/json.js";

/** Limits the runs of a selection, because a trigger may have thousands of recipients. */
export const MAX_RUNS = 100;
/** Limits the earlier runs that are searched for the one that opened a batch. */
const MAX_SEARCHED_RUNS = 20_000;
/** Limits the runs of the same time whose order is read. */
const MAX_RANKED_RUNS = 1_000;
/** Limits the earlier runs that used a throttle or a trigger frequency. */
const MAX_EARLIER_RUNS = 20;
const PAGE_SIZE = 500;

type RunReader = Pick<RunStore, "readRecipientRun" | "readBatch" | "listRecipientRuns"> &
  Pick<MessageStore, "readMessages" | "listMessages">;

/** The reasons that depend on earlier runs of the same recipient. */
const REASONS_OF_EARLIER_RUNS: ReadonlySet<string | undefined> = new Set(["throttled", "trigger_frequency"]);

const isWaitingAtBatch = ({ type, outcome }: StepOutcome): boolean => isBatchType(type) && outcome === "waiting";

const hasJoinedBatch = ({ recipientRun: { steps } }: StoredRun): boolean => steps.at(-1)?.reason?.code === "batched";

/** Returns the times of the events of a step. */
const listTimes = ({ recipientRun: { events } }: StoredRun, ref: string | undefined): number[] =>
  events.flatMap((event) => (event.step_ref === ref ? [event.at] : []));

/** Returns whether the first run of a batch of a workflow does not wait for it. */
const hasLeadingBatch = ({ version }: StoredRun): boolean =>
  [...walkSteps(version.steps)].some(
    ({ step }) => isBatchStep(step) && step.settings.batch_execution_mode === "flush_leading",
  );

/** Finds the runs on which the outcome of other runs depends: those of the same batch, and the sources of awaited events. */
class RelatedRuns {
  readonly notes: string[] = [];
  /** Whether all runs that the selected ones depend on are among them. */
  isComplete = true;
  private readonly runs = new Map<string, StoredRun>();
  private readonly added: StoredRun[] = [];

  constructor(
    private readonly store: RunReader,
    private readonly maxActivities: number,
  ) {}

  /** Adds runs and, one after another, the runs that they depend on. */
  async addAll(selected: readonly StoredRun[]): Promise<StoredRun[]> {
    for (const run of selected) this.add(run);
    for (const run of selected) await this.addEarlierRuns(run);
    for (let next = this.added.shift(); next !== undefined; next = this.added.shift()) {
      await this.addObject(next);
      await this.addBatch(next);
      await this.addSources(next);
    }
    return [...this.runs.values()];
  }

  private add(run: StoredRun | null | undefined): void {
    if (!run || this.runs.has(run.recipientRun.id)) return;
    if (this.runs.size === MAX_RUNS) {
      this.isComplete = false;
      const note = `more than ${MAX_RUNS} runs belong together; the others are left out`;
      if (!this.notes.includes(note)) this.notes.push(note);
      return;
    }
    this.runs.set(run.recipientRun.id, run);
    this.added.push(run);
  }

  /** Adds the run of the object through which a subscriber was reached. */
  private async addObject({ run, recipientRun }: StoredRun): Promise<void> {
    if (recipientRun.via === null) return;
    const query = { workflow_run_id: run.id, recipient: recipientRun.via.object };
    this.add((await this.store.listRecipientRuns(query, { limit: 1 })).items[0]);
  }

  /** Adds the runs before one that a throttle or the trigger frequency stopped, or whose batch the first run did not wait for. */
  private async addEarlierRuns(stored: StoredRun): Promise<void> {
    const { run, recipientRun } = stored;
    const reasons = [recipientRun.reason?.code, ...recipientRun.steps.map(({ reason }) => reason?.code)];
    if (!reasons.some((code) => REASONS_OF_EARLIER_RUNS.has(code)) && !hasLeadingBatch(stored)) return;
    const { recipient, inserted_at } = recipientRun;
    const query = { workflow: run.workflow, recipient, ending_at: inserted_at };
    for (const earlier of (await this.store.listRecipientRuns(query, { limit: MAX_EARLIER_RUNS })).items)
      this.add(earlier);
  }

  private async addBatch(member: StoredRun): Promise<void> {
    if (hasJoinedBatch(member)) return this.add(await this.findBatchOwner(member));
    if (![...walkSteps(member.version.steps)].some(({ step }) => isBatchStep(step))) return;
    const { id, steps } = member.recipientRun;
    const batch = await this.store.readBatch(id);
    if (batch !== null) {
      const { first, last, total_activities } = batch;
      const half = this.maxActivities / 2;
      const kept = new Set([...first.slice(0, half), ...last.slice(-half)].map((activity) => activity.id));
      if (kept.size < total_activities) {
        this.isComplete = false;
        this.notes.push(
          `the batch had ${formatNumber(total_activities)} activities, of which the first and the last ${half} are kept`,
        );
      }
      for (const activity of kept) this.add(await this.store.readRecipientRun(activity));
    } else if (steps.some(isWaitingAtBatch)) await this.addOpenBatch(member);
  }

  /** Adds the newest runs that joined the open batch of a waiting run. */
  private async addOpenBatch({ run, recipientRun: { recipient, inserted_at } }: StoredRun): Promise<void> {
    const query = { workflow: run.workflow, recipient, starting_at: inserted_at };
    const { items, page_info } = await this.store.listRecipientRuns(query, { limit: this.maxActivities });
    for (const item of items) if (hasJoinedBatch(item)) this.add(item);
    if (page_info.after === null) return;
    this.isComplete = false;
    this.notes.push(`the open batch has more activities, of which the last ${this.maxActivities} are kept`);
  }

  /** Returns the run that opened the batch which a run joined, or null if it no longer exists. */
  private async findBatchOwner(member: StoredRun): Promise<StoredRun | null> {
    const { id, inserted_at, steps } = member.recipientRun;
    const ref = steps.at(-1)?.ref;
    const [joinedAt = inserted_at] = listTimes(member, ref);
    let possible: StoredRun | null = null;
    for await (const candidate of this.listBatchOwners(member)) {
      const step = candidate.recipientRun.steps.find((own) => own.ref === ref);
      if (step === undefined || hasJoinedBatch(candidate) || candidate.recipientRun.inserted_at > inserted_at) continue;
      if (isWaitingAtBatch(step)) return candidate;
      const batch = await this.store.readBatch(candidate.recipientRun.id);
      const activities = batch === null ? [] : [...batch.first, ...batch.last];
      const isComplete = batch !== null && activities.length >= batch.total_activities;
      if (batch !== null && (!isComplete || activities.some((activity) => activity.id === id))) return candidate;
      // The batch of a later step replaced the activities of this one, or a cancellation removed the activity.
      const times = listTimes(candidate, ref);
      if (Math.min(...times) <= joinedAt && joinedAt <= Math.max(...times)) possible ??= candidate;
    }
    return possible;
  }

  /** Yields runs that may have opened the batch of a run: those that wait or sent messages, which are few, then all before it. */
  private async *listBatchOwners({
    run,
    recipientRun: { recipient, inserted_at },
  }: StoredRun): AsyncGenerator<StoredRun> {
    const query = { workflow: run.workflow, recipient };
    const before = { ...query, ending_at: inserted_at };
    yield* (await this.store.listRecipientRuns({ ...before, status: "paused" }, { limit: MAX_EARLIER_RUNS })).items;
    const since = { ...query, inserted_at: { gte: inserted_at } };
    const { items: messages } = await this.store.listMessages(since, { limit: MAX_EARLIER_RUNS });
    for (const { recipient_run_id } of messages) {
      const sender = await this.store.readRecipientRun(recipient_run_id);
      if (sender !== null) yield sender;
    }
    let after: string | undefined;
    for (let searched = 0; searched < MAX_SEARCHED_RUNS; searched += PAGE_SIZE) {
      const { items, page_info } = await this.store.listRecipientRuns(before, { limit: PAGE_SIZE, after });
      yield* items;
      if (page_info.after === null) return;
      after = page_info.after;
    }
  }

  /** Adds the runs whose messages, or whose start or end, a waiting run checked. */
  private async addSources({ recipientRun: { recipient, events }, version }: StoredRun): Promise<void> {
    const awaited = new Map(
      [...walkSteps(version.steps)].flatMap(({ step }) =>
        isWaitForEventStep(step) ? [[step.ref, step.settings.event.event_type] as const] : [],
      ),
    );
    const findRoot = createRootFinder([...this.runs.values()]);
    const isStarted = (id: string): boolean => findRoot(id) !== id;
    for (const { step_ref, data } of events) {
      const event = isJsonObject(data?.event) ? data.event : {};
      const type = awaited.get(step_ref ?? "");
      if (type === "message") {
        const [message] = await this.store.readMessages([String(event.message_id)]);
        if (message !== undefined && !isStarted(message.workflow_run_id))
          this.add(await this.store.readRecipientRun(message.recipient_run_id));
      } else if (type === "workflow" && !isStarted(String(event.workflow_run_id))) {
        const query = { workflow_run_id: String(event.workflow_run_id), recipient };
        this.add((await this.store.listRecipientRuns(query, { limit: 1 })).items[0]);
      }
    }
  }
}

/** Returns numbers by ID that put runs of the same time in the order in which they were accepted. */
async function rankSimultaneous(store: RunReader, runs: readonly StoredRun[]): Promise<Map<string, number>> {
  const times = runs.map(({ run }) => run.inserted_at);
  const repeated = new Set(times.filter((at, index) => times.indexOf(at) !== index));
  const ranks = new Map<string, number>();
  for (const at of repeated) {
    const { items } = await store.listRecipientRuns({ starting_at: at, ending_at: at }, { limit: MAX_RANKED_RUNS });
    for (const [rank, { recipientRun }] of items.entries()) ranks.set(recipientRun.id, -rank);
  }
  return ranks;
}

/**
 * Returns runs with those that they depend on, oldest first, and a sentence for each limit that was reached. At most
 * `maxActivities` of a batch are used, half of them its first ones and half its last ones.
 */
export async function selectRelatedRuns(
  store: RunReader,
  selected: readonly StoredRun[],
  maxActivities: number,
): Promise<{ runs: StoredRun[]; notes: string[]; isComplete: boolean }> {
  const related = new RelatedRuns(store, maxActivities);
  const runs = await related.addAll(selected);
  const ranks = await rankSimultaneous(store, runs);
  // Runs that the list no longer contains are older. They are in the order of their batch.
  const getRank = ({ recipientRun: { id } }: StoredRun): number => ranks.get(id) ?? -MAX_RANKED_RUNS;
  runs.sort((a, b) => a.run.inserted_at - b.run.inserted_at || getRank(a) - getRank(b));
  return { runs, notes: related.notes, isComplete: related.isComplete };
}
