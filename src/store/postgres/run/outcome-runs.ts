import type { OutcomeMessage, OutcomeRuns, RunCounts, StoredTrigger } from "../../../ports/run-store.js";
import { zip } from "../../../util/zip.js";
import {
  ENDED_STATUSES,
  hasMessages,
  OUTCOME_MESSAGE_COLUMNS,
  OUTCOME_RUN_COLUMNS,
  type OutcomeMessageRow,
  type OutcomeRunRow,
  toOutcomeMessage,
  toOutcomeRun,
} from "../../rows/run-row.js";
import type { Reader } from "../connection/transaction.js";
import { findWorkflowRun } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";
import { readUnidentified } from "./unidentified-recipients.js";

const WORKFLOW_RUN = "(SELECT row FROM workflow_runs WHERE id = $1 AND guide = 0)";

const SELECT_RUNS = `SELECT ${OUTCOME_RUN_COLUMNS} FROM recipient_runs r WHERE r.workflow_run = ${WORKFLOW_RUN} AND r.row > $2 ORDER BY r.row LIMIT $3`;

const SELECT_MESSAGES = `SELECT ${OUTCOME_MESSAGE_COLUMNS} FROM messages m WHERE m.recipient_run = ANY($1::bigint[]) ORDER BY m.row`;

const COUNT_RUNS = `SELECT count(*) AS runs, count(*) FILTER (WHERE status IN (${ENDED_STATUSES})) AS ended FROM recipient_runs WHERE workflow_run = ${WORKFLOW_RUN}`;

const HAS_QUEUED_MESSAGES = `SELECT 1 FROM recipient_runs r JOIN messages m ON m.recipient_run = r.row
  WHERE r.workflow_run = ${WORKFLOW_RUN} AND m.status = 'queued' AND m.due_at > m.inserted_at LIMIT 1`;

/** Returns a trigger without its runs, or null. */
export async function readWorkflowRun(tx: Reader, shared: SharedRows, id: string): Promise<StoredTrigger | null> {
  const found = await findWorkflowRun(tx, shared, id);
  if (found === null) return null;
  const later = await readUnidentified(tx, [found.row]);
  return { run: found.run, unidentified: [...found.unidentified, ...(later.get(found.row) ?? [])] };
}

/** Returns the next runs of a trigger, with what an outcome shows of them and of their messages. */
export async function readOutcomeRuns(
  tx: Reader,
  id: string,
  after: number | null,
  limit: number,
): Promise<OutcomeRuns> {
  const rows = await tx.all<OutcomeRunRow>(SELECT_RUNS, id, after ?? 0, limit);
  const runs = rows.map(toOutcomeRun);
  const withMessages = zip(rows, runs).flatMap(([{ row }, run]) => (hasMessages(run) ? [row] : []));
  const messages = withMessages.length === 0 ? [] : await tx.all<OutcomeMessageRow>(SELECT_MESSAGES, withMessages);
  return {
    runs,
    messages: messages.map(toOutcomeMessage),
    next: rows.length < limit ? null : (rows.at(-1)?.row ?? null),
  };
}

const SELECT_MESSAGES_BY_ID = `SELECT ${OUTCOME_MESSAGE_COLUMNS} FROM messages m WHERE m.id = ANY($1::text[])`;

export async function readOutcomeMessages(tx: Reader, ids: readonly string[]): Promise<OutcomeMessage[]> {
  return ids.length === 0 ? [] : (await tx.all<OutcomeMessageRow>(SELECT_MESSAGES_BY_ID, ids)).map(toOutcomeMessage);
}

/** Counts the runs of a trigger. Queued messages are searched only after all runs have ended. */
export async function countRuns(tx: Reader, id: string): Promise<RunCounts> {
  const { runs, ended } = (await tx.get<{ runs: number; ended: number }>(COUNT_RUNS, id)) ?? { runs: 0, ended: 0 };
  const isQueued = runs === ended && (await tx.get(HAS_QUEUED_MESSAGES, id)) !== undefined;
  return { runs, ended, hasEnded: runs === ended && !isQueued };
}
