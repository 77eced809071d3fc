import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import {
  type BatchActivity,
  type BatchContent,
  MAX_RENDERED_ACTIVITIES,
} from "../../../domain/run/batch-continuations.js";
import { getKnown } from "../../../util/get-known.js";
import type { Connection } from "../connection/connection.js";
import type { Reader } from "../connection/transaction.js";
import { SHARED_DATA } from "./batches.js";
import { readWorkflowRuns } from "./run-rows.js";
import type { SharedRows } from "./shared-rows.js";

interface ActivityRow {
  batch: number;
  id: string;
  workflow_run: number;
  actor: RecipientKey | null;
  data: string;
  at: number;
}

const COUNT =
  "SELECT batch, count(*) AS activities, count(DISTINCT actor) AS actors FROM batch_activities WHERE batch = ANY($1) AND removed = 0 GROUP BY batch";

/** Selects the activities of batches at one end of each, oldest first. */
const buildSelect = (direction: "ASC" | "DESC"): string => `
  SELECT b.row AS batch, r.id, r.workflow_run, a.actor, a.data, a.at
  FROM unnest($1::bigint[]) AS b (row) CROSS JOIN LATERAL (
    SELECT row, recipient_run, actor, data, at FROM batch_activities WHERE batch = b.row AND removed = 0
    ORDER BY row ${direction} LIMIT ${MAX_RENDERED_ACTIVITIES}) a
  JOIN recipient_runs r ON r.row = a.recipient_run
  ORDER BY a.row`;
const SELECT_FIRST = buildSelect("ASC");
const SELECT_LAST = buildSelect("DESC");

/** Returns the activities of batches. Reads the data of a trigger once, however many activities have it. */
export async function readBatches(
  tx: Reader,
  shared: SharedRows,
  batches: readonly number[],
): Promise<Map<number, BatchContent>> {
  if (batches.length === 0) return new Map();
  const counts = await tx.all<{ batch: number; activities: number; actors: number }>(COUNT, batches);
  const large = counts.filter(({ activities }) => activities > MAX_RENDERED_ACTIVITIES).map(({ batch }) => batch);
  const first = await tx.all<ActivityRow>(SELECT_FIRST, batches);
  const last = large.length === 0 ? [] : await tx.all<ActivityRow>(SELECT_LAST, large);
  const sharing = [...first, ...last].filter(({ data }) => data === SHARED_DATA);
  const workflowRuns = await readWorkflowRuns(
    tx,
    shared,
    sharing.map(({ workflow_run }) => workflow_run),
  );
  const toActivity = ({ id, workflow_run, actor, data, at }: ActivityRow): BatchActivity => ({
    id,
    actor,
    data: data === SHARED_DATA ? (workflowRuns.get(workflow_run)?.run.data ?? {}) : JSON.parse(data),
    at,
  });
  const contents = new Map<number, BatchContent>(
    batches.map((batch) => [batch, { first: [], last: [], total_activities: 0, total_actors: 0 }]),
  );
  for (const { batch, activities, actors } of counts)
    Object.assign(getKnown(contents, batch), { total_activities: activities, total_actors: actors });
  for (const row of first) contents.get(row.batch)?.first.push(toActivity(row));
  for (const row of last) contents.get(row.batch)?.last.push(toActivity(row));
  const isLarge = new Set(large);
  for (const [batch, content] of contents) if (!isLarge.has(batch)) content.last = content.first;
  return contents;
}

/** Returns the batch that a run waits for or continued with, or null. */
export function readBatch(db: Connection, shared: SharedRows, recipientRunId: string): Promise<BatchContent | null> {
  return db.read(async (tx) => {
    const run = await tx.get<{ batch: number | null }>(
      "SELECT batch FROM recipient_runs WHERE id = $1",
      recipientRunId,
    );
    if (run?.batch == null) return null;
    return (await readBatches(tx, shared, [run.batch])).get(run.batch) ?? null;
  });
}
