import { decideThrottle, type ThrottleWindow } from "../../../domain/run/decide-throttle.js";
import type { ThrottleRequest } from "../../../ports/run-store.js";
import type { Connection } from "../connection/connection.js";
import { toIndexedKey } from "../connection/to-indexed-key.js";

/** Locks the windows of keys, in the order of the keys. A window that has ended long ago stands for none. */
const LOCK = `
  INSERT INTO throttles (key, ends_at, passes) SELECT key, 0, 0 FROM unnest($1::text[]) AS asked (key)
  ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE false`;

const UPDATE = `
  UPDATE throttles t SET ends_at = c.ends_at, passes = c.passes
  FROM json_to_recordset($1::json) AS c (key text, ends_at bigint, passes integer) WHERE t.key = c.key`;

const INSERT_PASSES = `
  INSERT INTO throttle_passes (key, recipient_run_id, passed) SELECT key, recipient_run_id, passed
  FROM json_to_recordset($1::json) AS c (key text, recipient_run_id text, passed smallint)`;

/** The window of a key, and the decisions about runs in it, by run id. */
interface ThrottleState {
  window: ThrottleWindow;
  decisions: Map<string, boolean>;
  newDecisions: Map<string, boolean>;
  opened: boolean;
}

/**
 * Decides which runs pass their throttle. A run that requests a slot again gets the same decision, so that a crash between the
 * decision and what follows it uses no slot (E-284 to E-292).
 */
export function acquireThrottleSlots(
  db: Connection,
  requests: readonly ThrottleRequest[],
  now: number,
): Promise<boolean[]> {
  return db.write(async (tx) => {
    const keys = [...new Set(requests.map(({ key }) => toIndexedKey(key)))].sort();
    await tx.run(LOCK, keys);
    const windows = await tx.all<ThrottleWindow & { key: string }>(
      "SELECT key, ends_at, passes FROM throttles WHERE key = ANY($1::text[])",
      keys,
    );
    const states = new Map<string, ThrottleState>(
      windows.map(({ key, ...window }) => [
        key,
        { window, decisions: new Map(), newDecisions: new Map(), opened: false },
      ]),
    );
    const known = await tx.all<{ key: string; recipient_run_id: string; passed: number }>(
      "SELECT key, recipient_run_id, passed FROM throttle_passes WHERE key = ANY($1::text[]) AND recipient_run_id = ANY($2::text[])",
      keys,
      requests.map(({ recipient_run_id }) => recipient_run_id),
    );
    for (const { key, recipient_run_id, passed } of known)
      states.get(key)?.decisions.set(recipient_run_id, passed === 1);
    const results = requests.map((request) => passThrottle(states.get(toIndexedKey(request.key)), request, now));

    const changed = [...states].filter(([, { newDecisions }]) => newDecisions.size > 0);
    await tx.run(UPDATE, JSON.stringify(changed.map(([key, { window }]) => ({ key, ...window }))));
    const opened = changed.filter(([, state]) => state.opened).map(([key]) => key);
    await tx.run("DELETE FROM throttle_passes WHERE key = ANY($1::text[])", opened);
    const passes = changed.flatMap(([key, { newDecisions }]) =>
      [...newDecisions].map(([recipient_run_id, passed]) => ({ key, recipient_run_id, passed: passed ? 1 : 0 })),
    );
    await tx.run(INSERT_PASSES, JSON.stringify(passes));
    return results;
  });
}

function passThrottle(
  state: ThrottleState | undefined,
  { recipient_run_id, limit, window_ms }: ThrottleRequest,
  now: number,
): boolean {
  if (state === undefined) throw new Error("a throttle was not locked");
  const known = state.decisions.get(recipient_run_id);
  if (known !== undefined) return known;
  const { passed, window, opened } = decideThrottle(state.window, { limit, window_ms }, now);
  if (opened) {
    for (const map of [state.decisions, state.newDecisions]) map.clear();
    state.opened = true;
  }
  state.window = window;
  state.decisions.set(recipient_run_id, passed);
  state.newDecisions.set(recipient_run_id, passed);
  return passed;
}
