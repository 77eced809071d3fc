import type { SequentialModel } from "./linearizability.js";

/** The number of messages of a journey that is not canceled. */
export const JOURNEY_MESSAGES = 3;

/** The length of the delays between them, in the store's time. */
export const JOURNEY_DELAY_MS = 60_000;

type RunStatus = "active" | "completed" | "cancelled";

/** An operation on the runs with one cancellation key, by their IDs. */
export type CancellationOperation =
  | { type: "start"; run: string }
  /** `runs` is null if the response does not list them. */
  | { type: "cancel"; runs: Record<string, "cancelled" | "not_cancellable"> | null }
  | { type: "list"; statuses: Record<string, RunStatus> }
  | { type: "count"; messages: Record<string, number> }
  | { type: "advance"; run: string };

/**
 * A run, and what is known of its messages: its number if the run was canceled and read since, else a lower bound. A run has
 * "ended" if a cancellation without an outcome has reached it, which it may have completed before.
 */
interface JourneyState {
  status: RunStatus | "ended";
  messages: number;
  isExact: boolean;
}

type JourneyStates = Record<string, JourneyState>;

/** Returns the runs after a change of each, or null if one is impossible or if others are listed than exist. */
function changeAll<Seen>(
  state: JourneyStates,
  seen: Record<string, Seen>,
  change: (run: JourneyState, seen: Seen) => JourneyState | null,
): JourneyStates | null {
  if (Object.keys(seen).length !== Object.keys(state).length) return null;
  const changed: JourneyStates = {};
  for (const [id, run] of Object.entries(state)) {
    const value = seen[id];
    const after = value === undefined ? null : change(run, value);
    if (after === null) return null;
    changed[id] = after;
  }
  return changed;
}

const COMPLETED: JourneyState = { status: "completed", messages: JOURNEY_MESSAGES, isExact: true };

const hasStatus = (run: JourneyState, ...statuses: JourneyState["status"][]): boolean => statuses.includes(run.status);

function observeStatus(run: JourneyState, seen: RunStatus): JourneyState | null {
  if (seen === "active") return hasStatus(run, "active") ? run : null;
  if (seen === "completed") return hasStatus(run, "cancelled") ? null : COMPLETED;
  return hasStatus(run, "cancelled", "ended") ? { ...run, status: "cancelled" } : null;
}

/** The last message is stored together with the end of the run. */
function observeMessages(run: JourneyState, messages: number): JourneyState | null {
  if (messages === JOURNEY_MESSAGES) return observeStatus(run, "completed");
  if (run.isExact ? messages !== run.messages : messages < run.messages) return null;
  if (hasStatus(run, "active")) return { ...run, messages };
  return { status: "cancelled", messages, isExact: true };
}

/** Returns the run after a cancellation that says whether it has canceled this run. */
function observeCancellation(run: JourneyState, outcome: "cancelled" | "not_cancellable"): JourneyState | null {
  if (outcome === "cancelled") return hasStatus(run, "active") ? { ...run, status: "cancelled" } : null;
  return hasStatus(run, "active") ? COMPLETED : run;
}

function advance(run: JourneyState | undefined): JourneyState | null {
  if (run?.status !== "active") return null;
  const messages = run.messages + 1;
  return messages === JOURNEY_MESSAGES ? COMPLETED : { ...run, messages };
}

/**
 * The runs with one cancellation key. An active run can advance at any time, until it has completed. A canceled one never
 * does, so its number of messages is constant.
 */
export const CANCELLATION_MODEL: SequentialModel<JourneyStates, CancellationOperation> = {
  initial: {},
  apply(state, operation) {
    switch (operation.type) {
      case "start": {
        if (state[operation.run] !== undefined) return null;
        const started: JourneyState = { status: "active", messages: 1, isExact: false };
        const runs = Object.entries({ ...state, [operation.run]: started });
        return Object.fromEntries(runs.sort(([a], [b]) => (a < b ? -1 : 1)));
      }
      case "cancel":
        return operation.runs === null
          ? Object.fromEntries(
              Object.entries(state).map(([id, run]) => [
                id,
                run.status === "active" ? { ...run, status: "ended" } : run,
              ]),
            )
          : changeAll(state, operation.runs, observeCancellation);
      case "list":
        return changeAll(state, operation.statuses, observeStatus);
      case "count":
        return changeAll(state, operation.messages, observeMessages);
      case "advance": {
        const advanced = advance(state[operation.run]);
        return advanced && { ...state, [operation.run]: advanced };
      }
    }
  },
};

/** A trigger with an idempotency key. `run` is null if it was rejected because the payload is another one. */
export interface IdempotentTrigger {
  payload: string;
  run: string | null;
}

/** The first trigger with a key decides. */
export const IDEMPOTENCY_MODEL: SequentialModel<{ payload: string; run: string } | null, IdempotentTrigger> = {
  initial: null,
  apply(state, { payload, run }) {
    if (state === null) return run === null ? null : { payload, run };
    return (payload === state.payload ? state.run : null) === run ? state : null;
  },
};

/** The limit of the throttle, whose window is longer than the harness runs. */
export const THROTTLE_LIMIT = 2;

/** Runs pass until the limit is reached. The state is their number. */
export const THROTTLE_MODEL: SequentialModel<number, { passed: boolean }> = {
  initial: 0,
  apply(state, { passed }) {
    if (passed !== state < THROTTLE_LIMIT) return null;
    return passed ? state + 1 : state;
  },
};

export interface Engagement {
  read: boolean;
  archived: boolean;
}

export const MARKS = ["read", "unread", "archived", "unarchived"] as const;
export type Mark = (typeof MARKS)[number];

/** A mark of a message, or null for a read of it, with the engagement in its response. */
export interface EngagementOperation {
  mark: Mark | null;
  seen: Engagement;
}

const MARKED: Record<Mark, Partial<Engagement>> = {
  read: { read: true },
  unread: { read: false },
  archived: { archived: true },
  unarchived: { archived: false },
};

export const ENGAGEMENT_MODEL: SequentialModel<Engagement, EngagementOperation> = {
  initial: { read: false, archived: false },
  apply(state, { mark, seen }) {
    const { read, archived } = mark === null ? state : { ...state, ...MARKED[mark] };
    return seen.read === read && seen.archived === archived ? { read, archived } : null;
  },
};
