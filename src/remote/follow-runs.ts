import type { RecipientKey } from "../domain/recipient/recipient.js";
import { runIdOf } from "../domain/run/message-outcomes.js";
import { summarize, type TriggerOutcome } from "../domain/run/outcome.js";
import { KnockError } from "../errors/knock-error.js";
import type { WaitOptions } from "../ports/operations.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { findMessages, findRunOfMessages, findRuns } from "./find-runs.js";
import { hasEnded, outcomeOf, type ToldRun } from "./remote-outcome.js";
import { readRunDetail } from "./run-detail.js";
import { findUnidentified } from "./unidentified-recipients.js";

const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 5_000;
/** A trigger without a single run is believed after this long: runs are made after the trigger was answered. */
const BELIEVE_NONE_MS = 10_000;
/** Runs do not wait for sending (E-169): so long are their messages given to leave the queue. */
const SENDING_MS = 10_000;
/** How much longer than the time to wait a slow server may hold us. */
const OVERTIME_MS = 10_000;
/** Details read even when the time is up: 5 a second is what the API allows (A-044, tier 2). */
const DETAILS_AT_LEAST = 25;
/** Polls in a row, each with its own retries, that may fail before a wait gives up. */
const PASSING_FAILURES = 3;

/**
 * Polls a trigger's runs until all have ended or the time is up, then tells what is known of each. Interrupted, it
 * answers with what it knew last; an error in between says which workflow run it was following.
 */
export async function followRuns(
  client: ApiClient,
  outcome: TriggerOutcome,
  options: WaitOptions,
): Promise<TriggerOutcome> {
  const follow = new RunFollower(client, outcome, options);
  try {
    await follow.untilEnded();
    const followed = await follow.outcome();
    if (follow.isTimedOut()) options.onTimeout?.();
    return await withUnidentified(client, followed, options.named ?? [], follow.signal);
  } catch (error) {
    if (follow.isTimedOut()) options.onTimeout?.();
    if (follow.signal?.aborted) return follow.outcomeSoFar();
    if (!(error instanceof KnockError)) throw error;
    const { hint, details, cause, status, request_id } = error;
    const accepted = `The trigger was accepted (workflow run ${outcome.workflow_run_id}); only following it failed.`;
    throw new KnockError(error.code, error.message, {
      hint: hint ? `${accepted} ${hint}` : accepted,
      details,
      cause,
      status,
      request_id,
    });
  }
}

/** Once runs are known, recipients without one are either unidentified, or late. */
async function withUnidentified(
  client: ApiClient,
  outcome: TriggerOutcome,
  named: readonly RecipientKey[],
  signal: AbortSignal | undefined,
): Promise<TriggerOutcome> {
  if (outcome.recipients === null) return outcome;
  const unidentified = await findUnidentified(client, named, outcome.recipients, signal);
  if (unidentified.length === 0) return outcome;
  const recipients = [...outcome.recipients, ...unidentified];
  return { ...outcome, recipients, summary: summarize(recipients) };
}

class RunFollower {
  readonly signal: AbortSignal | undefined;
  /** By id, oldest first. */
  private readonly runs = new Map<string, JsonObject>();
  private readonly events = new Map<string, Json[]>();
  private messages: JsonObject[] = [];
  private readonly start: number;

  constructor(
    private readonly client: ApiClient,
    private readonly followed: TriggerOutcome,
    private readonly options: WaitOptions,
  ) {
    this.start = client.now();
    const { timeout_ms, signal } = options;
    const limit =
      timeout_ms === null ? undefined : AbortSignal.timeout(Math.min(timeout_ms + OVERTIME_MS, 2 ** 31 - 1));
    this.signal = signal && limit ? AbortSignal.any([signal, limit]) : (signal ?? limit);
  }

  async untilEnded(): Promise<void> {
    let before = -1;
    let failures = 0;
    for (let interval = FIRST_POLL_MS; ; interval = Math.min(interval * 1.5, SLOWEST_POLL_MS)) {
      try {
        await this.readRuns();
        failures = 0;
      } catch (error) {
        if (!isPassing(error) || ++failures > PASSING_FAILURES || this.timeLeft() <= 0) throw error;
      }
      const ended = [...this.runs.values()].filter(hasEnded).length;
      if (this.runs.size > 0) this.options.onProgress?.(ended, this.runs.size);
      // And none is new since the poll before: the runs of a fan-out appear one after the other.
      if (failures === 0 && this.runs.size > 0 && ended === this.runs.size && before === ended) return;
      before = this.runs.size;
      if (this.runs.size === 0 && failures === 0 && this.elapsed() >= BELIEVE_NONE_MS) {
        if (!(await this.readRunsOfMessages())) return;
      }
      if (this.timeLeft() <= 0) return;
      await this.client.sleep(Math.min(interval, this.timeLeft()), this.signal);
    }
  }

  async outcome(): Promise<TriggerOutcome> {
    await this.readMessages();
    const until = Math.min(this.elapsed() + SENDING_MS, this.options.timeout_ms ?? Number.POSITIVE_INFINITY);
    while (this.messages.some(isBeingSent) && this.elapsed() < until) {
      await this.client.sleep(Math.min(FIRST_POLL_MS, until - this.elapsed()), this.signal);
      await this.readMessages();
    }
    let read = 0;
    for (const id of this.runs.keys()) {
      if (this.timeLeft() <= 0 && read >= DETAILS_AT_LEAST) break;
      const detail = await readRunDetail(this.client, id, this.signal);
      read++;
      if (detail === null) continue;
      this.runs.set(id, detail);
      this.events.set(id, detail.events);
    }
    return this.outcomeSoFar();
  }

  /** Recipients stay null until the API has told of any. */
  outcomeSoFar(): TriggerOutcome {
    if (this.runs.size === 0 && this.elapsed() < BELIEVE_NONE_MS) return this.followed;
    const told: ToldRun[] = [...this.runs].map(([id, run]) => ({
      run,
      events: this.events.get(id) ?? null,
      messages: this.messages.filter((message) => runIdOf(message) === id),
    }));
    const { cancellation_key } = this.followed;
    const outcome = outcomeOf(this.followed, told);
    return { ...outcome, cancellation_key: outcome.cancellation_key ?? cancellation_key };
  }

  /** Whether the time to wait is up, and runs have not ended or nothing is known of them. Not so if the wait was interrupted. */
  isTimedOut(): boolean {
    if (this.options.signal?.aborted || this.timeLeft() > 0) return false;
    const runs = [...this.runs.values()];
    return runs.length === 0 ? this.elapsed() < BELIEVE_NONE_MS : !runs.every(hasEnded);
  }

  private async readRuns(): Promise<void> {
    const { workflow_run_id, workflow } = this.followed;
    const { runs } = await findRuns(this.client, { workflow_run_id, workflow, known: this.runs, signal: this.signal });
    for (const run of runs.reverse()) this.runs.set(run.id as string, run);
  }

  /** The way to runs that newer ones have pushed out of reach: their messages can be listed by workflow run. */
  private async readRunsOfMessages(): Promise<boolean> {
    await this.readMessages();
    const run = await findRunOfMessages(this.client, this.messages, this.runs, this.signal);
    if (run !== null) this.runs.set(run.id as string, run);
    return run !== null;
  }

  private async readMessages(): Promise<void> {
    this.messages = await findMessages(this.client, { workflow_run_id: this.followed.workflow_run_id }, this.signal);
  }

  private elapsed(): number {
    return this.client.now() - this.start;
  }

  private timeLeft(): number {
    return this.options.timeout_ms === null ? Number.POSITIVE_INFINITY : this.options.timeout_ms - this.elapsed();
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof KnockError && ["unreachable", "remote_failed", "rate_limited"].includes(error.code);
}

function isBeingSent(message: JsonObject): boolean {
  return message.status === "queued" && (message.scheduled_at ?? null) === null;
}
