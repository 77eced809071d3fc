import type { RunStatus } from "../../../src/domain/run/run-status.js";
import type { Engagement, Mark } from "./models.js";

/** Every trigger has one recipient, whose ID and cancellation key are the subject. */
export type Call =
  | { type: "trigger"; workflow: WorkflowKey; subject: string; activity?: string; key?: string; payload?: string }
  | { type: "cancel"; workflow: WorkflowKey; subject: string; key: string }
  | { type: "list_runs"; subject: string }
  | { type: "count_messages"; subject: string }
  | { type: "list_digests"; subject: string }
  | { type: "mark"; message: string; mark: Mark | null }
  | { type: "move_clock"; by: number }
  | { type: "read_clock" }
  | { type: "work" };

export type WorkflowKey = "journey" | "digest" | "alert" | "once" | "note";

/** The result of a call. Fields that a client does not learn are null. */
export interface Results {
  /** `run` is null if the idempotency key was used with another payload. */
  trigger: { run: string | null };
  cancel: { runs: Record<string, "cancelled" | "not_cancellable"> | null };
  list_runs: { statuses: Record<string, RunStatus> };
  count_messages: { messages: Record<string, number> };
  /** The activities in each message. */
  list_digests: { digests: Record<string, string[]> };
  mark: Engagement;
  move_clock: { now: number; ran: { run: string; at: number }[] };
  read_clock: { now: number };
  work: { ran: { run: string; at: number }[] };
}

/** A call of a process, with its times in milliseconds of a clock that all processes share and no one can set. */
export interface HistoryEntry<Type extends Call["type"] = Call["type"]> {
  client: string;
  call: Extract<Call, { type: Type }>;
  invokedAt: number;
  respondedAt: number;
  /** Null if it failed or is incomplete. */
  result: Results[Type] | null;
  /** The error that a user saw. */
  error: string | null;
}

/** A recipient run at the end. */
export interface FinalRun {
  id: string;
  workflowRun: string;
  workflow: WorkflowKey;
  subject: string;
  status: RunStatus;
  /** Whether its throttle let it pass; null without a throttle step. */
  passed: boolean | null;
  data: { activity?: string; payload?: string };
  insertedAt: number;
}

/** A message at the end. */
export interface FinalMessage {
  id: string;
  run: string;
  workflow: WorkflowKey;
  subject: string;
  step: string;
  insertedAt: number;
  engagement: Engagement;
  /** The activities in the text of a digest. */
  activities: string[];
}

/** The content of the store after all work. */
export interface FinalState {
  runs: FinalRun[];
  messages: FinalMessage[];
  /** The times of the store's clock before all moves and after them. Null if it cannot be moved. */
  clock: { start: number; end: number } | null;
}

type AnsweredEntry<Type extends Call["type"]> = HistoryEntry<Type> & { result: Results[Type] };

/** Returns the calls of one type with a result. */
export function selectAnswered<Type extends Call["type"]>(
  history: readonly HistoryEntry[],
  type: Type,
): AnsweredEntry<Type>[] {
  const entries = history.filter(({ call, result }) => call.type === type && result !== null);
  return entries as unknown as AnsweredEntry<Type>[];
}
