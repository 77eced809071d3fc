import {
  type RecipientKey,
  splitRecipientKey,
  toRecipientKey,
  toRecipientReference,
  USERS,
} from "../domain/recipient/recipient.js";
import { findRecipientRunId } from "../domain/run/message-outcomes.js";
import { type RecipientOutcome, summarizeOutcomes, type TriggerOutcome } from "../domain/run/outcome.js";
import { encodePathSegment } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { WaitOptions } from "../ports/operations.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { buildTriggerOutcome, hasEnded, type ReportedRun } from "./build-remote-outcome.js";
import { findRunByMessages, findRuns } from "./find-runs.js";
import { nullIfMissing, readRunDetail } from "./read-run-detail.js";
import { findMessages } from "./remote-messages.js";

/** Maximum number of recipients that are looked up: each takes a request, and the API limits their rate. */
const MAX_LOOKUPS = 50;

/**
 * Returns outcomes for recipients without a run that the API does not know: a trigger accepts them and starts no run (E-043).
 * Recipients that exist have no outcome, because their runs may only be late. Throws what the API client throws.
 */
async function findUnidentifiedOutcomes(
  client: ApiClient,
  namedRecipients: readonly RecipientKey[],
  outcomes: readonly RecipientOutcome[],
  signal?: AbortSignal,
): Promise<RecipientOutcome[]> {
  const known = new Set(outcomes.map(({ recipient }) => toRecipientKey(recipient)));
  const missing = [...new Set(namedRecipients)].filter((key) => !known.has(key));
  const entries: RecipientOutcome[] = [];
  for (const key of missing.slice(0, MAX_LOOKUPS)) {
    const { collection, id } = splitRecipientKey(key);
    const path =
      collection === USERS
        ? `/v1/users/${encodePathSegment(id)}`
        : `/v1/objects/${encodePathSegment(collection)}/${encodePathSegment(id)}`;
    if ((await nullIfMissing(client.call("GET", path, { signal }))) !== null) continue;
    entries.push({
      recipient: toRecipientReference(key),
      recipient_run_id: null,
      status: null,
      steps: [],
      reason: { code: "recipient_not_found", detail: null },
    });
  }
  return entries;
}

const FIRST_POLL_MS = 1_000;
const MAX_POLL_MS = 5_000;
/** The time after which a trigger without runs is taken to have none: runs start after the trigger's response. */
const NO_RUNS_TIMEOUT_MS = 10_000;
/** The time that messages have to leave the queue: runs do not wait for sending (E-169). */
const SEND_TIMEOUT_MS = 10_000;
/** The time by which a slow server may delay the command after the timeout of the wait. */
const MAX_OVERTIME_MS = 10_000;
/** Number of details that are read even when the time is up: the API allows 5 a second (A-044, tier 2). */
const MIN_DETAILS = 25;
/** Number of consecutive polls, each with its own retries, that may fail before a wait fails. */
const MAX_POLL_FAILURES = 3;

/**
 * Polls a trigger's runs until all have ended or the time is up, and returns what is known of each. If interrupted, it returns
 * what was known last. An error in between names the workflow run.
 */
export async function followRuns(
  client: ApiClient,
  outcome: TriggerOutcome,
  options: WaitOptions,
): Promise<TriggerOutcome> {
  const follower = new RunFollower(client, outcome, options);
  try {
    await follower.waitUntilEnded();
    const followed = await follower.readOutcome();
    if (follower.isTimedOut()) options.onTimeout?.();
    return await addUnidentified(client, followed, options.namedRecipients ?? [], follower.signal);
  } catch (error) {
    if (follower.isTimedOut()) options.onTimeout?.();
    if (follower.signal?.aborted) return follower.buildOutcome();
    if (!(error instanceof KnockError)) throw error;
    const accepted = `The trigger was accepted (workflow run ${outcome.workflow_run_id}), but following it failed.`;
    throw error.copyWith({ hint: error.hint ? `${accepted} ${error.hint}` : accepted });
  }
}

/** Adds unidentified recipients. Once runs are known, a recipient without one is either unidentified or late. */
async function addUnidentified(
  client: ApiClient,
  outcome: TriggerOutcome,
  namedRecipients: readonly RecipientKey[],
  signal: AbortSignal | undefined,
): Promise<TriggerOutcome> {
  if (outcome.recipients === null) return outcome;
  const unidentified = await findUnidentifiedOutcomes(client, namedRecipients, outcome.recipients, signal);
  if (unidentified.length === 0) return outcome;
  const recipients = [...outcome.recipients, ...unidentified];
  return { ...outcome, recipients, summary: summarizeOutcomes(recipients) };
}

class RunFollower {
  readonly signal: AbortSignal | undefined;
  /** Runs by id, oldest first. */
  private readonly runs = new Map<string, JsonObject>();
  private readonly events = new Map<string, Json[]>();
  private messages: JsonObject[] = [];
  private readonly start: number;

  constructor(
    private readonly client: ApiClient,
    private readonly triggerOutcome: TriggerOutcome,
    private readonly options: WaitOptions,
  ) {
    this.start = client.now();
    const { timeout_ms, signal } = options;
    const limit =
      timeout_ms === null ? undefined : AbortSignal.timeout(Math.min(timeout_ms + MAX_OVERTIME_MS, 2 ** 31 - 1));
    this.signal = signal && limit ? AbortSignal.any([signal, limit]) : (signal ?? limit);
  }

  async waitUntilEnded(): Promise<void> {
    let previousEnded = -1;
    let failures = 0;
    for (let interval = FIRST_POLL_MS; ; interval = Math.min(interval * 1.5, MAX_POLL_MS)) {
      try {
        await this.readRuns();
        failures = 0;
      } catch (error) {
        if (!isTransient(error) || ++failures > MAX_POLL_FAILURES || this.getRemainingMs() <= 0) throw error;
      }
      const ended = [...this.runs.values()].filter(hasEnded).length;
      if (this.runs.size > 0) this.options.onProgress?.(ended, this.runs.size);
      // No run may be new since the poll before, because the runs of a fan-out appear one after the other.
      if (failures === 0 && this.runs.size > 0 && ended === this.runs.size && previousEnded === ended) return;
      previousEnded = this.runs.size;
      if (this.runs.size === 0 && failures === 0 && this.getElapsedMs() >= NO_RUNS_TIMEOUT_MS) {
        if (!(await this.readRunsByMessages())) return;
      }
      if (this.getRemainingMs() <= 0) return;
      await this.client.sleep(Math.min(interval, this.getRemainingMs()), this.signal);
    }
  }

  async readOutcome(): Promise<TriggerOutcome> {
    await this.readMessages();
    const until = Math.min(this.getElapsedMs() + SEND_TIMEOUT_MS, this.options.timeout_ms ?? Number.POSITIVE_INFINITY);
    while (this.messages.some(isBeingSent) && this.getElapsedMs() < until) {
      await this.client.sleep(Math.min(FIRST_POLL_MS, until - this.getElapsedMs()), this.signal);
      await this.readMessages();
    }
    let read = 0;
    for (const id of this.runs.keys()) {
      if (this.getRemainingMs() <= 0 && read >= MIN_DETAILS) break;
      const detail = await readRunDetail(this.client, id, this.signal);
      read++;
      if (detail === null) continue;
      this.runs.set(id, detail);
      this.events.set(id, detail.events);
    }
    return this.buildOutcome();
  }

  /** Returns what is known so far. Recipients are null until the API has reported any. */
  buildOutcome(): TriggerOutcome {
    if (this.runs.size === 0 && this.getElapsedMs() < NO_RUNS_TIMEOUT_MS) return this.triggerOutcome;
    const reportedRuns: ReportedRun[] = [...this.runs].map(([id, run]) => ({
      run,
      events: this.events.get(id) ?? null,
      messages: this.messages.filter((message) => findRecipientRunId(message) === id),
    }));
    const { cancellation_key } = this.triggerOutcome;
    const outcome = buildTriggerOutcome(this.triggerOutcome, reportedRuns);
    return { ...outcome, cancellation_key: outcome.cancellation_key ?? cancellation_key };
  }

  /** Returns whether the time is up while runs have not ended or none is known. False if the wait was interrupted. */
  isTimedOut(): boolean {
    if (this.options.signal?.aborted || this.getRemainingMs() > 0) return false;
    const runs = [...this.runs.values()];
    return runs.length === 0 ? this.getElapsedMs() < NO_RUNS_TIMEOUT_MS : !runs.every(hasEnded);
  }

  private async readRuns(): Promise<void> {
    const { workflow_run_id, workflow } = this.triggerOutcome;
    const { runs } = await findRuns(this.client, { workflow_run_id, workflow, known: this.runs, signal: this.signal });
    for (const run of runs.reverse()) this.runs.set(run.id, run);
  }

  /** Finds a run that newer ones have pushed out of reach: its messages can be listed by workflow run. */
  private async readRunsByMessages(): Promise<boolean> {
    await this.readMessages();
    const run = await findRunByMessages(this.client, this.messages, this.runs, this.signal);
    if (run !== null) this.runs.set(run.id, run);
    return run !== null;
  }

  private async readMessages(): Promise<void> {
    this.messages = await findMessages(
      this.client,
      { workflow_run_id: this.triggerOutcome.workflow_run_id },
      this.signal,
    );
  }

  private getElapsedMs(): number {
    return this.client.now() - this.start;
  }

  private getRemainingMs(): number {
    return this.options.timeout_ms === null ? Number.POSITIVE_INFINITY : this.options.timeout_ms - this.getElapsedMs();
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof KnockError && ["unreachable", "remote_failed", "rate_limited"].includes(error.code);
}

function isBeingSent(message: JsonObject): boolean {
  return message.status === "queued" && (message.scheduled_at ?? null) === null;
}
