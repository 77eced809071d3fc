/** A throttle's window as stored. `ends_at` is in milliseconds. */
export interface ThrottleWindow {
  ends_at: number;
  /** The number of runs that passed in the window. */
  passes: number;
}

interface ThrottleDecision {
  passed: boolean;
  /** The window after the run. */
  window: ThrottleWindow;
  /** Whether the run opened the window, so that the previous window's runs no longer count. */
  opened: boolean;
}

/**
 * Decides whether a run passes a throttle. The first run opens a window of fixed length. In it, up to `limit` runs
 * pass, where each run uses the limit of its own step. A stopped run uses no slot (E-284, E-286, E-288, E-292).
 */
export function decideThrottle(
  current: ThrottleWindow | null,
  { limit, window_ms }: { limit: number; window_ms: number },
  now: number,
): ThrottleDecision {
  if (current === null || now >= current.ends_at)
    return { passed: true, window: { ends_at: now + window_ms, passes: 1 }, opened: true };
  if (current.passes >= limit) return { passed: false, window: current, opened: false };
  return { passed: true, window: { ...current, passes: current.passes + 1 }, opened: false };
}
