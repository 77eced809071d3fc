import { decideThrottle, type ThrottleWindow } from "../../../domain/run/decide-throttle.js";
import type { ThrottleAssumption, ThrottleRequest } from "../../../ports/run-store.js";
import { getKnown } from "../../../util/get-known.js";
import type { Connection } from "../connection/connection.js";

/** The throttles of some requests, as they are after the decisions so far. */
class ThrottleDecisions {
  private readonly windows = new Map<string, ThrottleWindow>();
  private readonly passedByRun = new Map<string, boolean>();
  /** The throttles whose previous windows have ended. */
  private readonly opened = new Set<string>();

  constructor(
    private readonly db: Connection,
    private readonly now: number,
  ) {}

  /** Decides whether a run passes. A run that requests a slot again gets the same decision (E-284 to E-292). */
  decide({ key, recipient_run_id, ...throttle }: ThrottleRequest): { passed: boolean; isNew: boolean } {
    const request = `${key}\n${recipient_run_id}`;
    const known = this.passedByRun.get(request) ?? this.readDecision(key, recipient_run_id);
    if (known !== undefined) return { passed: known, isNew: false };
    const decision = decideThrottle(this.readWindow(key), throttle, this.now);
    if (decision.opened) this.opened.add(key);
    this.windows.set(key, decision.window);
    this.passedByRun.set(request, decision.passed);
    return { passed: decision.passed, isNew: true };
  }

  getWindow(key: string): { window: ThrottleWindow; opened: boolean } {
    return { window: getKnown(this.windows, key), opened: this.opened.has(key) };
  }

  private readDecision(key: string, recipientRunId: string): boolean | undefined {
    if (this.opened.has(key)) return undefined;
    const row = this.db.get<{ passed: number }>(
      "SELECT passed FROM throttle_passes WHERE key = ? AND recipient_run_id = ?",
      key,
      recipientRunId,
    );
    return row && row.passed === 1;
  }

  private readWindow(key: string): ThrottleWindow | null {
    const known = this.windows.get(key);
    if (known !== undefined) return known;
    return this.db.get<ThrottleWindow>("SELECT ends_at, passes FROM throttles WHERE key = ?", key) ?? null;
  }
}

export function previewThrottleSlots(db: Connection, requests: readonly ThrottleRequest[], now: number): boolean[] {
  return db.read(() => decideAll(db, requests, now).passed);
}

function decideAll(db: Connection, requests: readonly ThrottleRequest[], now: number) {
  const decisions = new ThrottleDecisions(db, now);
  const results = requests.map((request) => decisions.decide(request));
  return { decisions, results, passed: results.map(({ passed }) => passed) };
}

/**
 * Decides which runs pass their throttle, and uses the slots. A run that requests a slot again gets the same decision, so that
 * a crash between the decision and what follows it uses no slot.
 */
export function acquireThrottleSlots(db: Connection, requests: readonly ThrottleRequest[], now: number): boolean[] {
  return db.write(() => useSlots(db, requests, now).passed);
}

function useSlots(db: Connection, requests: readonly ThrottleRequest[], now: number) {
  const decided = decideAll(db, requests, now);
  writeDecisions(db, requests, decided);
  return decided;
}

function writeDecisions(
  db: Connection,
  requests: readonly ThrottleRequest[],
  { decisions, results }: ReturnType<typeof decideAll>,
): void {
  const newRequests = requests.flatMap((request, index) => {
    const { passed = false, isNew = false } = results[index] ?? {};
    return isNew ? [{ ...request, passed }] : [];
  });
  for (const key of new Set(newRequests.map(({ key }) => key))) {
    const { window, opened } = decisions.getWindow(key);
    if (opened) db.run("DELETE FROM throttle_passes WHERE key = ?", key);
    db.run(
      "INSERT OR REPLACE INTO throttles (key, ends_at, passes) VALUES (?, ?, ?)",
      key,
      window.ends_at,
      window.passes,
    );
  }
  for (const { key, recipient_run_id, passed } of newRequests)
    db.run(
      "INSERT INTO throttle_passes (key, recipient_run_id, passed) VALUES (?, ?, ?)",
      key,
      recipient_run_id,
      passed ? 1 : 0,
    );
}

/**
 * Uses the slots of runs that are inserted now. Returns false, and writes nothing, if a throttle decides otherwise than their
 * advances assumed. Must run inside a write.
 */
export function useAssumedSlots(db: Connection, throttles: readonly ThrottleAssumption[], now: number): boolean {
  if (throttles.length === 0) return true;
  const decided = decideAll(db, throttles, now);
  if (throttles.some(({ passes }, index) => passes !== decided.passed[index])) return false;
  writeDecisions(db, throttles, decided);
  return true;
}
