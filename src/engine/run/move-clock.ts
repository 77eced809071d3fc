import type { Message } from "../../domain/message/message.js";
import { toRecipientReference } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ClockReading, ClockSetting, ClockStore } from "../../ports/clock-store.js";
import type { FailedDelivery } from "../../ports/failed-delivery.js";
import type { AdvancedRun, ClockMove, ClockMoveOptions, ClockState, ClockTarget } from "../../ports/operations.js";
import type { RunStore } from "../../ports/run-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import { createClaimToken, type DueWorkStore, type EngineContext, getClockTime } from "../context/engine-context.js";
import { readFilesOnce } from "../workflow/read-once.js";
import { MovingClock } from "./moving-clock.js";
import { type BlockedSchedule, releaseSchedules, toBlockedOccurrence } from "./run-due-schedules.js";
import { runDueWork } from "./run-due-work.js";

function toClockState(clock: ClockReading): ClockState {
  const now = getClockTime(clock);
  return {
    now: toIsoTime(now),
    frozen: clock.frozen_at !== null,
    offset_ms: clock.frozen_at === null ? clock.offset_ms : now - clock.real_now,
  };
}

export async function readClock({ store }: EngineContext<ClockStore>): Promise<ClockState> {
  return toClockState(await store.readClock());
}

/** Limits the wait for a process that ended while it held the lease. */
const CLOCK_LEASE_MS = 15_000;
const LEASE_RENEWAL_MS = 5_000;
const LEASE_POLL_MS = 50;

/** Runs `work` while no other process moves the clock; waits for one that does. Throws `interrupted`. */
async function withClockLease<T>(
  context: EngineContext<ClockStore>,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { store, sleep } = context;
  const token = createClaimToken(context);
  const claim = (): Promise<boolean> => store.claimClock({ token, leaseMs: CLOCK_LEASE_MS });
  while (!(await claim())) {
    if (signal?.aborted)
      throw new KnockError("interrupted", "interrupted while another process moved the clock", {
        hint: "Nothing was changed.",
      });
    await sleep(LEASE_POLL_MS, signal);
  }
  const renewal = setInterval(() => void claim().catch(() => {}), LEASE_RENEWAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await store.releaseClock(token);
  }
}

/** Throws `usage` for a move backward without `force`, unless there are no runs, whose times it could contradict. */
async function checkBackwardMove(
  { store }: EngineContext<RunStore>,
  to: number,
  now: number,
  { force, hint }: { force: boolean; hint: string },
): Promise<void> {
  if (force || (await store.listRecipientRuns({}, { limit: 1 })).items.length === 0) return;
  throw new KnockError("usage", `the clock is at ${toIsoTime(now)}; ${toIsoTime(to)} is before that`, { hint });
}

/** Freezes the clock at a time; null freezes it at the current time. */
export function freezeClock(
  context: EngineContext<ClockStore & RunStore>,
  at: number | null,
  { force }: { force: boolean } = { force: false },
): Promise<ClockState> {
  return withClockLease(context, undefined, async () => {
    const before = await context.store.readClock();
    const now = getClockTime(before);
    if (at !== null && at < now)
      await checkBackwardMove(context, at, now, {
        force,
        hint: "Use --force to freeze it at an earlier time. Completed steps are not undone.",
      });
    const setting: ClockSetting = { offset_ms: before.offset_ms, frozen_at: at ?? now };
    await context.store.writeClock(setting);
    return toClockState({ ...setting, real_now: before.real_now });
  });
}

export function resetClock(context: EngineContext<ClockStore>): Promise<ClockState> {
  return withClockLease(context, undefined, async () => {
    const setting: ClockSetting = { offset_ms: 0, frozen_at: null };
    await context.store.writeClock(setting);
    return readClock(context);
  });
}

/**
 * Moves the store's clock. Work that becomes due on the way runs at its own time, in order: the clock is set to each
 * such time before its runs advance, so that other processes see the same time. The project's files are read once for
 * the whole move. A schedule whose workflow cannot be read stays due and is reported to `onBlocked`.
 */
export function moveClock(
  uncachedContext: EngineContext<DueWorkStore>,
  target: ClockTarget,
  options: ClockMoveOptions,
): Promise<ClockMove> {
  const context = readFilesOnce(uncachedContext);
  return withClockLease(context, options.signal, () => moveLeasedClock(context, target, options));
}

async function moveLeasedClock(
  context: EngineContext<DueWorkStore>,
  target: ClockTarget,
  options: ClockMoveOptions,
): Promise<ClockMove> {
  const { store } = context;
  const before = await store.readClock();
  const now = getClockTime(before);
  const ran: AdvancedRun[] = [];
  const failed = new Map<string, FailedDelivery>();
  const blocked: BlockedSchedule[] = []; // until the end: released earlier, it would be due again immediately
  // Work that another process has leased is left to that process.
  const nextAt = () => store.readNextDueAt({ excludeLeased: true });
  const requestedTime = typeof target === "number" ? target : target(now, await nextAt());
  const to = options.fromNow ? Math.max(now, requestedTime) : requestedTime;
  const clock = new MovingClock(context, before, to);
  if (to < now) {
    const hint = "Use --force to move it back. Completed steps are not undone.";
    await checkBackwardMove(context, to, now, { force: options.force, hint });
  } else {
    // A process that was killed during a move may have claimed work of later times. A person who moves the clock does not wait for pauses.
    await store.releaseDeadClaims(to, { endsPauses: true });
    for (let next = await nextAt(); next !== null && next <= to && !options.signal?.aborted; next = await nextAt()) {
      clock.stopAt(next);
      const due = await runDueWork(context, clock.now, {
        signal: options.signal,
        clock,
        onBlocked: (schedule) => blocked.push(schedule),
        onDelivered: (message, failure) => {
          if (failure === null) failed.delete(message.id);
          else failed.set(message.id, toFailedDelivery(message, failure, clock.now));
        },
      });
      // Not spread into the arguments of one call: their number is limited, and far more runs may be due.
      for (const run of due) ran.push(run);
    }
  }
  for (const schedule of blocked) options.onBlocked?.(toBlockedOccurrence(schedule));
  await releaseSchedules(context, blocked);
  const real_now = clock.realNow;
  const setting = clock.toSetting(options.signal?.aborted ? clock.now : to, real_now);
  await store.writeClock(setting);
  const state = toClockState({ ...setting, real_now });
  if (failed.size === 0) return { ...state, ran };
  return { ...state, ran: ran.map((run) => updateSteps(run, failed)), failed_deliveries: [...failed.values()] };
}

/** Returns a run that advanced with the state of its messages whose delivery failed since. */
function updateSteps(run: AdvancedRun, failed: ReadonlyMap<string, FailedDelivery>): AdvancedRun {
  const steps = run.steps.map((step): StepOutcome => {
    const status = step.message_ids === undefined ? failed.get(step.message_id ?? "")?.status : undefined;
    if (status === undefined) return step;
    return { ...step, outcome: status === "queued" ? "queued" : "failed", message_status: status };
  });
  return { ...run, steps };
}

function toFailedDelivery(message: Message, reason: string, now: number): FailedDelivery {
  return {
    message_id: message.id,
    recipient_run_id: message.recipient_run_id,
    recipient: toRecipientReference(message.recipient),
    workflow: message.workflow,
    step_ref: message.step_ref,
    channel: message.channel.key,
    status: message.status,
    attempts: message.attempts,
    reason,
    at: toIsoTime(now),
  };
}
