import { decideThrottle, type ThrottleWindow } from "../../../domain/run/decide-throttle.js";
import type { ThrottleAssumption, ThrottleRequest } from "../../../ports/run-store.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";
import { toIndexedKey } from "../connection/to-indexed-key.js";
import type { Reader, Transaction } from "../connection/transaction.js";

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

/** Reads the windows of requests and the decisions so far. The keys must be locked if the decisions are written. */
async function readStates(tx: Reader, requests: readonly ThrottleRequest[]): Promise<Map<string, ThrottleState>> {
  const keys = listKeys(requests);
  const windows = await tx.all<ThrottleWindow & { key: string }>(
    "SELECT key, ends_at, passes FROM throttles WHERE key = ANY($1::text[])",
    keys,
  );
  const found = new Map(windows.map(({ key, ...window }) => [key, window]));
  const states = new Map<string, ThrottleState>(
    keys.map((key) => [
      key,
      {
        window: found.get(key) ?? { ends_at: 0, passes: 0 },
        decisions: new Map(),
        newDecisions: new Map(),
        opened: false,
      },
    ]),
  );
  const known = await tx.all<{ key: string; recipient_run_id: string; passed: number }>(
    "SELECT key, recipient_run_id, passed FROM throttle_passes WHERE key = ANY($1::text[]) AND recipient_run_id = ANY($2::text[])",
    keys,
    requests.map(({ recipient_run_id }) => recipient_run_id),
  );
  for (const { key, recipient_run_id, passed } of known) states.get(key)?.decisions.set(recipient_run_id, passed === 1);
  return states;
}

function listKeys(requests: readonly ThrottleRequest[]): string[] {
  return [...new Set(requests.map(({ key }) => toIndexedKey(key)))].sort();
}

function decideAll(
  states: ReadonlyMap<string, ThrottleState>,
  requests: readonly ThrottleRequest[],
  now: number,
): boolean[] {
  return requests.map((request) => passThrottle(states.get(toIndexedKey(request.key)), request, now));
}

async function writeDecisions(tx: Transaction, states: ReadonlyMap<string, ThrottleState>): Promise<void> {
  const changed = [...states].filter(([, { newDecisions }]) => newDecisions.size > 0);
  if (changed.length === 0) return;
  await tx.run(UPDATE, stringify(changed.map(([key, { window }]) => ({ key, ...window }))));
  const opened = changed.filter(([, state]) => state.opened).map(([key]) => key);
  await tx.run("DELETE FROM throttle_passes WHERE key = ANY($1::text[])", opened);
  const passes = changed.flatMap(([key, { newDecisions }]) =>
    [...newDecisions].map(([recipient_run_id, passed]) => ({ key, recipient_run_id, passed: passed ? 1 : 0 })),
  );
  await tx.run(INSERT_PASSES, stringify(passes));
}

/** Decides which runs pass their throttles, without using any slots. */
export function previewThrottleSlots(
  db: Connection,
  requests: readonly ThrottleRequest[],
  now: number,
): Promise<boolean[]> {
  return db.read(async (tx) => decideAll(await readStates(tx, requests), requests, now));
}

/**
 * Decides which runs pass their throttle, and uses the slots. A run that requests a slot again gets the same decision, so that
 * a crash between the decision and what follows it uses no slot (E-284 to E-292).
 */
export function acquireThrottleSlots(
  db: Connection,
  requests: readonly ThrottleRequest[],
  now: number,
): Promise<boolean[]> {
  return db.write(async (tx) => {
    await tx.run(LOCK, listKeys(requests));
    const states = await readStates(tx, requests);
    const results = decideAll(states, requests, now);
    await writeDecisions(tx, states);
    return results;
  });
}

/**
 * Uses the slots of runs that are inserted in the same transaction. Returns false, and uses none, if a throttle decides
 * otherwise than their advances assumed.
 */
export async function useAssumedSlots(
  tx: Transaction,
  throttles: readonly ThrottleAssumption[],
  now: number,
): Promise<boolean> {
  if (throttles.length === 0) return true;
  await tx.run(LOCK, listKeys(throttles));
  const states = await readStates(tx, throttles);
  const decisions = decideAll(states, throttles, now);
  if (throttles.some(({ passes }, index) => passes !== decisions[index])) return false;
  await writeDecisions(tx, states);
  return true;
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
