import type { OutcomeMessage, OutcomeRuns, RunCounts, StoredTrigger } from "../../../ports/run-store.js";
import { zip } from "../../../util/zip.js";
import { stringify } from "../../rows/json-column.js";
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
import type { Connection } from "../connection/connection.js";
import { findWorkflowRun } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

const WORKFLOW_RUN = "(SELECT row FROM workflow_runs WHERE id = ?1 AND guide = 0)";

const SELECT_RUNS = `SELECT ${OUTCOME_RUN_COLUMNS} FROM recipient_runs r WHERE r.workflow_run = ${WORKFLOW_RUN} AND r.row > ?2 ORDER BY r.row LIMIT ?3`;

const SELECT_MESSAGES = `SELECT ${OUTCOME_MESSAGE_COLUMNS} FROM json_each(?) asked CROSS JOIN messages m ON m.recipient_run = asked.value`;

const COUNT_RUNS = `SELECT COUNT(*) AS runs, COALESCE(SUM(status IN (${ENDED_STATUSES})), 0) AS ended FROM recipient_runs WHERE workflow_run = ${WORKFLOW_RUN}`;

const HAS_QUEUED_MESSAGES = `SELECT 1 FROM recipient_runs r CROSS JOIN messages m ON m.recipient_run = r.row
  WHERE r.workflow_run = ${WORKFLOW_RUN} AND m.status = 'queued' AND m.due_at > m.inserted_at LIMIT 1`;

/** Returns a trigger without its runs, or null. */
export function readWorkflowRun(db: Connection, shared: SharedRows, id: string): StoredTrigger | null {
  const found = db.read(() => findWorkflowRun(db, shared, id));
  return found && { run: found.run, unidentified: found.unidentified };
}

/** Returns the next runs of a trigger, with what an outcome shows of them and of their messages. */
export function readOutcomeRuns(db: Connection, id: string, after: number | null, limit: number): OutcomeRuns {
  return db.read(() => {
    const rows = db.all<OutcomeRunRow>(SELECT_RUNS, id, after ?? 0, limit);
    const runs = rows.map(toOutcomeRun);
    const withMessages = zip(rows, runs).flatMap(([{ row }, run]) => (hasMessages(run) ? [row] : []));
    const messages = db.all<OutcomeMessageRow>(SELECT_MESSAGES, stringify(withMessages));
    return {
      runs,
      messages: messages.map(toOutcomeMessage),
      next: rows.length < limit ? null : (rows.at(-1)?.row ?? null),
    };
  });
}

const SELECT_MESSAGES_BY_ID = `SELECT ${OUTCOME_MESSAGE_COLUMNS} FROM json_each(?) asked CROSS JOIN messages m ON m.id = asked.value`;

export function readOutcomeMessages(db: Connection, ids: readonly string[]): OutcomeMessage[] {
  return db.read(() => db.all<OutcomeMessageRow>(SELECT_MESSAGES_BY_ID, stringify(ids)).map(toOutcomeMessage));
}

/** Counts the runs of a trigger. Queued messages are searched only after all runs have ended. */
export function countRuns(db: Connection, id: string): RunCounts {
  return db.read(() => {
    const { runs, ended } = db.get<{ runs: number; ended: number }>(COUNT_RUNS, id) ?? { runs: 0, ended: 0 };
    const isQueued = runs === ended && db.get(HAS_QUEUED_MESSAGES, id) !== undefined;
    return { runs, ended, hasEnded: runs === ended && !isQueued };
  });
}
