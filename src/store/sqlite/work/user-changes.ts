import type { UserChange } from "../../../domain/audience/audience.js";
import type { UserChangeEffects, UserChangesResult } from "../../../ports/audience-store.js";
import type { Claim } from "../../../ports/due-store.js";
import { stringify } from "../../rows/json-column.js";
import { toUserChange, USER_CHANGE_COLUMNS, type UserChangeRow } from "../../rows/recipient-row.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { useAssumedSlots } from "../run/throttle-slots.js";
import { recordEvents } from "../run/waits.js";
import { selectClaimableChanges } from "./due-rows.js";
import { selectAlreadyTriggered, writeWorkflowRun } from "./insert-workflow-run.js";

export function claimUserChanges(db: Connection, claim: Claim, limit: number): UserChange[] {
  const find = () => selectClaimableChanges(db, claim.scope, limit);
  if (db.runSingle(find).length === 0) return [];
  return db.writeUnsynced(() => {
    const list = stringify(find());
    db.run(
      "UPDATE user_changes SET claim_token = ?, claim_until = ? WHERE row IN (SELECT value FROM json_each(?))",
      claim.token,
      db.realNow() + claim.leaseMs,
      list,
    );
    return db
      .all<UserChangeRow>(
        `SELECT ${USER_CHANGE_COLUMNS} FROM user_changes WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row`,
        list,
      )
      .map(toUserChange);
  });
}

export function saveUserChanges(
  db: Connection,
  shared: SharedRows,
  { ids, runs, events }: UserChangeEffects,
  token: string,
  now: number,
): UserChangesResult {
  const { result, caused } = db.writeAndCollect(() => {
    const list = stringify(ids);
    const left = db.get<{ count: number }>(
      "SELECT COUNT(*) AS count FROM user_changes WHERE row IN (SELECT value FROM json_each(?)) AND claim_token = ?",
      list,
      token,
    );
    if (left?.count !== ids.length) return { outcome: "lost" } as const;
    const alreadyTriggered = selectAlreadyTriggered(
      db,
      runs.flatMap(({ frequencyRecords }) => frequencyRecords),
    );
    const throttles = runs.flatMap((run) => run.throttles);
    if (alreadyTriggered.length > 0 || !useAssumedSlots(db, throttles, now))
      return { outcome: "already_triggered", recipients: alreadyTriggered } as const;
    db.run("DELETE FROM user_changes WHERE row IN (SELECT value FROM json_each(?))", list);
    for (const run of runs) writeWorkflowRun(db, shared, run, 0);
    recordEvents(db, events, now);
    return { outcome: "saved" } as const;
  });
  return result.outcome === "saved" ? { ...result, caused } : result;
}
