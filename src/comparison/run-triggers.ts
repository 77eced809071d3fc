import { setImmediate } from "node:timers/promises";
import { type RecipientKey, toRecipientKey } from "../domain/recipient/recipient.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import { KnockError } from "../errors/knock-error.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Store } from "../ports/store.js";
import { isJsonObject } from "../util/json.js";
import type {
  RecordedCancellation,
  RecordedEngagement,
  RecordedEvent,
  RecordedHistory,
  RecordedTrigger,
} from "./recorded-history.js";

/** Limits a replay without an end, because a workflow may start itself again and again. */
const MAX_CLOCK_MOVES = 100_000;
/** The time after which other work of the process gets a turn, in milliseconds. */
const MAX_BLOCKED_MS = 50;
/** Limits the messages of a recipient that are searched for the one that an engagement is about. */
const MAX_SEARCHED_MESSAGES = 500;

/** A trigger that the engine did not accept. */
interface TriggerFailure {
  trigger: RecordedTrigger;
  error: KnockError;
}

interface RunTriggersResult {
  /** The names of the triggers by the IDs of their new workflow runs. */
  names: Map<string, string>;
  failures: TriggerFailure[];
  /** Recipients that were never identified when they were triggered. */
  unidentified: Set<RecipientKey>;
}

/** Runs that a replay starts with, in place of a trigger. */
export interface ReplayBeginning {
  /** The time, in milliseconds. */
  at: number;
  /** Adds the runs to the store of the replay, due now. Returns the IDs of their workflow runs, which are also their names. */
  perform(store: Store): Promise<string[]>;
}

interface RunTriggersOptions {
  /** The store of the engine. */
  store: Store;
  begin?: ReplayBeginning | undefined;
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

type Action =
  | { at: number; type: "trigger"; trigger: RecordedTrigger }
  | { at: number; type: "cancel"; cancellation: RecordedCancellation }
  | { at: number; type: "mark"; engagement: RecordedEngagement }
  | { at: number; type: "event"; occurred: RecordedEvent["occurred"] };

/** An effect on the runs of some triggers, which would also apply to runs of triggers before them. */
interface RecordedEffect {
  at: number;
  /** The names of the triggers whose runs it affected. */
  triggers: ReadonlySet<string>;
  /** Returns whether it would affect the runs of a trigger. */
  concerns(trigger: Trigger): boolean;
}

function listEffects({ triggers, cancellations, events }: RecordedHistory): RecordedEffect[] {
  const workflows = new Map(triggers.map(({ name, trigger }) => [name, trigger.workflow]));
  return [
    ...cancellations.map(({ at, triggers: affected, cancellation: { workflow, cancellation_key } }) => ({
      at,
      triggers: affected,
      concerns: (trigger: Trigger) => trigger.workflow === workflow && trigger.cancellation_key === cancellation_key,
    })),
    ...events.map(({ at, triggers: affected }) => ({
      at,
      triggers: affected,
      concerns: (trigger: Trigger) => [...affected].some((name) => workflows.get(name) === trigger.workflow),
    })),
  ];
}

/**
 * Returns everything that happened, in order of time. Triggers precede what else happened at the same time, which a frozen
 * clock makes frequent, except for cancellations and events that did not affect their runs.
 */
export function listActions(history: RecordedHistory): Action[] {
  const { triggers, cancellations, engagements, events } = history;
  const byTime = new Map<number, RecordedEffect[]>();
  for (const effect of listEffects(history)) byTime.set(effect.at, [...(byTime.get(effect.at) ?? []), effect]);
  const isLate = ({ name, at, trigger }: RecordedTrigger): boolean =>
    (byTime.get(at) ?? []).some((effect) => !effect.triggers.has(name) && effect.concerns(trigger));
  const toAction = (trigger: RecordedTrigger): Action => ({ at: trigger.at, type: "trigger", trigger });
  const late = new Set(triggers.filter(isLate));
  return [
    ...triggers.filter((trigger) => !late.has(trigger)).map(toAction),
    ...cancellations.map((cancellation): Action => ({ at: cancellation.at, type: "cancel", cancellation })),
    ...events.map(({ at, occurred }): Action => ({ at, type: "event", occurred })),
    ...[...late].map(toAction),
    ...engagements.map((engagement): Action => ({ at: engagement.at, type: "mark", engagement })),
  ].sort((a, b) => a.at - b.at);
}

/** Pauses the replay from time to time for signals and the progress, because a store in memory never waits. */
class Pauses {
  private pausedAt = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.pausedAt < MAX_BLOCKED_MS) return;
    await setImmediate();
    this.pausedAt = performance.now();
  }
}

/** Runs what happened in the past, one action after another. */
class TriggerRun {
  readonly names = new Map<string, string>();
  readonly failures: TriggerFailure[] = [];
  readonly unidentified = new Set<RecipientKey>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly store: RunTriggersOptions["store"],
    private readonly signal: AbortSignal,
  ) {}

  async perform(action: Action): Promise<void> {
    try {
      if (action.type === "trigger") await this.trigger(action.trigger);
      else if (action.type === "cancel") await this.operations.cancelWorkflow(action.cancellation.cancellation);
      else if (action.type === "event") await this.store.recordEvents([action.occurred], action.at);
      else await this.mark(action.engagement);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      // A workflow that no longer exists has nothing to cancel.
      if (action.type === "trigger") this.failures.push({ trigger: action.trigger, error });
    }
    await this.operations.runDue({ signal: this.signal });
  }

  private async trigger({ name, trigger, branch }: RecordedTrigger): Promise<void> {
    const options = { idempotency_key: null, ...(branch === null ? {} : { branch }) };
    const { workflow_run_id, recipients } = await this.operations.triggerWorkflow(trigger, options);
    this.names.set(workflow_run_id, name);
    for (const { recipient, reason } of recipients ?? [])
      if (reason?.code === "recipient_not_found") this.unidentified.add(toRecipientKey(recipient));
  }

  /** Marks the message that takes the place of the recorded one, if it was sent again. */
  private async mark({ action, message }: RecordedEngagement): Promise<void> {
    const filter = { recipient: toRecipientKey(message.recipient), workflow: message.workflow };
    const { items } = await this.operations.listMessages(filter, { limit: MAX_SEARCHED_MESSAGES });
    const isDirect = message.workflowRunId === message.trigger;
    const found = items.find(({ source, channel }) => {
      if (!isJsonObject(source) || !isJsonObject(channel)) return false;
      const name = this.names.get(String(source.workflow_run_id));
      const isOfTrigger = isDirect ? name === message.trigger : name === undefined;
      return isOfTrigger && source.step_ref === message.step && channel.key === message.channel.key;
    });
    if (found !== undefined) await this.operations.markMessages([String(found.id)], action);
  }
}

async function moveUntilIdle(operations: LocalOperations, signal: AbortSignal, pauses: Pauses): Promise<void> {
  for (let moves = 0; !signal.aborted; moves++) {
    await pauses.pause();
    const next = await operations.readNextDueAt();
    if (next === null) return;
    if (moves === MAX_CLOCK_MOVES)
      throw new KnockError(
        "usage",
        `work is still pending after ${MAX_CLOCK_MOVES.toLocaleString("en-US")} moves of the clock`,
        { hint: "Use --until or workflow keys to replay fewer triggers." },
      );
    await operations.moveClock((now) => Math.max(now, next), { force: false, signal });
  }
}

/**
 * Runs triggers at their own times on an engine whose store has no runs yet, with the cancellations and engagements that
 * followed. A trigger that is not accepted does not stop the others. Throws `interrupted`.
 */
export async function runTriggers(
  operations: LocalOperations,
  history: RecordedHistory,
  { store, begin, signal, onProgress }: RunTriggersOptions,
): Promise<RunTriggersResult> {
  const run = new TriggerRun(operations, store, signal);
  const actions = listActions(history).filter(({ at }) => begin === undefined || at >= begin.at);
  const pauses = new Pauses();
  let now = begin?.at ?? actions[0]?.at ?? 0;
  if (begin !== undefined || actions.length > 0) await operations.freezeClock(now, { force: true });
  if (begin !== undefined) {
    for (const id of await begin.perform(store)) run.names.set(id, id);
    await operations.runDue({ signal });
  }
  for (const [index, action] of actions.entries()) {
    if (signal.aborted) break;
    if (action.at > now) await operations.moveClock(action.at, { force: false, signal });
    now = action.at;
    await run.perform(action);
    onProgress(index + 1, actions.length);
    await pauses.pause();
  }
  if (history.until === null) await moveUntilIdle(operations, signal, pauses);
  else if (history.until > now) await operations.moveClock(history.until, { force: false, signal });
  if (signal.aborted)
    throw new KnockError("interrupted", "interrupted during the replay", { hint: "Nothing was changed." });
  return { names: run.names, failures: run.failures, unidentified: run.unidentified };
}
