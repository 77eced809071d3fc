/** The store's virtual clock: frozen at a time, or real time plus an offset. Both are in milliseconds. */
export interface ClockSetting {
  offset_ms: number;
  frozen_at: number | null;
}

/** A lease on moving the clock. */
export interface ClockClaim {
  token: string;
  /** Real time in milliseconds. */
  realNow: number;
  leaseUntil: number;
}

export interface ClockStore {
  readClock(): Promise<ClockSetting>;
  writeClock(setting: ClockSetting): Promise<void>;
  /** Takes or renews the lease on moving the clock. Returns false while another process holds it. */
  claimClock(claim: ClockClaim): Promise<boolean>;
  /** Ends the lease if this token still holds it. */
  releaseClock(token: string): Promise<void>;
}
