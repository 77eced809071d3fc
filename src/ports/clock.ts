/** The store's virtual clock: frozen at a moment, or real time plus an offset. */
export interface ClockSetting {
  offset_ms: number;
  frozen_at: number | null;
}

/** A lease on moving the clock. */
export interface ClockClaim {
  token: string;
  /** Milliseconds of real time. */
  realNow: number;
  leaseUntil: number;
}

export interface ClockStore {
  readClock(): Promise<ClockSetting>;
  writeClock(setting: ClockSetting): Promise<void>;
  /** Takes or renews the lease on moving the clock; false while another process holds it. */
  claimClock(claim: ClockClaim): Promise<boolean>;
  /** Ends the lease, if it is still this token's. */
  releaseClock(token: string): Promise<void>;
}
