/** A throttle's window as it is stored. `ends_at` in milliseconds. */
export interface ThrottleWindow {
  ends_at: number;
  /** Runs that passed in it. */
  passes: number;
}

interface ThrottleDecision {
  passed: boolean;
  /** The window as it stands after the run. */
  window: ThrottleWindow;
  /** The run opened the window: passes and stops of the one before no longer count. */
  opened: boolean;
}

/**
 * Decides whether a run passes a throttle. The first run opens a window of fixed length with the limit of its own step;
 * within it, up to `limit` runs pass, and a run that is stopped uses no slot (E-284, E-286, E-288, E-292).
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
