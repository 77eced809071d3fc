/** Time as the engine sees it. Milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** The store's virtual clock: frozen at a moment, or real time plus an offset. */
export interface ClockSetting {
  offset_ms: number;
  frozen_at: number | null;
}
