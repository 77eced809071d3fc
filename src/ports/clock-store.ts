/** The store's virtual clock: frozen at a time, or real time plus an offset. Both are in milliseconds. */
export interface ClockSetting {
  offset_ms: number;
  frozen_at: number | null;
}

/** The clock's setting, and the store's own real time at which it was read. */
export interface ClockReading extends ClockSetting {
  real_now: number;
}

/** A lease on moving the clock. The store adds `leaseMs` to its own real time. */
export interface ClockClaim {
  token: string;
  leaseMs: number;
}

export interface ClockStore {
  readClock(): Promise<ClockReading>;
  writeClock(setting: ClockSetting): Promise<void>;
  /** Takes or renews the lease on moving the clock. Returns false while another process holds it. */
  claimClock(claim: ClockClaim): Promise<boolean>;
  /** Ends the lease if this token still holds it. */
  releaseClock(token: string): Promise<void>;
}
