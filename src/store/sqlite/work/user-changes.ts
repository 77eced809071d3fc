import type { UserChange } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { UserChangeEffects } from "../../../ports/audience-store.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { recordEvents } from "../run/waits.js";
import { applyWorkflowRun, selectAlreadyTriggered } from "./insert-workflow-run.js";

interface ChangeRow {
  row: number;
  user: string;
  audience: string | null;
  tenant: string | null;
  before: string | null;
  after: string | null;
  at: number;
  depth: number;
}

export function hasPendingEvents(db: Connection): boolean {
  return db.runSingle(() => db.get("SELECT 1 FROM user_changes UNION ALL SELECT 1 FROM signals LIMIT 1") !== undefined);
}

export function readUserChanges(db: Connection, limit: number): UserChange[] {
  return db.runSingle(() =>
    db
      .all<ChangeRow>(
        'SELECT row, user, audience, tenant, "before", "after", at, depth FROM user_changes ORDER BY row LIMIT ?',
        limit,
      )
      .map(({ row: id, user, audience, tenant, before, after, at, depth }): UserChange => {
        const change = { id, user: user as RecipientKey, at, depth };
        if (audience !== null) return { ...change, audience, tenant };
        return {
          ...change,
          audience,
          before: before === null ? null : JSON.parse(before),
          after: JSON.parse(after ?? "{}"),
        };
      }),
  );
}

export function saveUserChanges(
  db: Connection,
  shared: SharedRows,
  { ids, runs, events }: UserChangeEffects,
  now: number,
): "saved" | "lost" | { alreadyTriggered: RecipientKey[] } {
  return db.write(() => {
    const list = JSON.stringify(ids);
    const left = db.get<{ count: number }>(
      "SELECT COUNT(*) AS count FROM user_changes WHERE row IN (SELECT value FROM json_each(?))",
      list,
    );
    if (left?.count !== ids.length) return "lost";
    const alreadyTriggered = selectAlreadyTriggered(
      db,
      runs.flatMap(({ frequencyRecords }) => frequencyRecords),
    );
    if (alreadyTriggered.length > 0) return { alreadyTriggered };
    db.run("DELETE FROM user_changes WHERE row IN (SELECT value FROM json_each(?))", list);
    for (const run of runs) applyWorkflowRun(db, shared, run, 0);
    recordEvents(db, events, now);
    return "saved";
  });
}
