import type { ClockClaim, ClockReading, ClockSetting } from "../../ports/clock-store.js";
import { clearStore } from "./connection/clear-store.js";
import { claimClock, readClock, releaseClock, writeClock } from "./connection/clock-setting.js";
import { readChangeToken } from "./connection/read-change-token.js";
import { readSecret } from "./connection/read-secret.js";
import { PostgresMessages } from "./postgres-messages.js";

/** The store in one PostgreSQL database. */
export class PostgresStore extends PostgresMessages {
  get isReadOnly(): boolean {
    return this.db.isReadOnly;
  }

  async explainError(error: unknown): Promise<unknown> {
    return this.db.explain(error);
  }

  /** Does nothing: one commit in the database takes as long as a wait for the disk, and many share it. */
  async deferDiskSync(): Promise<void> {}

  /** Does nothing: a commit is on the disk. */
  async syncToDisk(): Promise<void> {}

  async close(): Promise<void> {
    await this.db.close();
  }

  async readChangeToken(): Promise<string> {
    return readChangeToken(this.db);
  }

  async readSecret(name: string): Promise<string> {
    return readSecret(this.db, name);
  }

  async readClock(): Promise<ClockReading> {
    return readClock(this.db);
  }

  async writeClock(setting: ClockSetting): Promise<void> {
    await writeClock(this.db, setting);
  }

  async claimClock(claim: ClockClaim): Promise<boolean> {
    return claimClock(this.db, claim);
  }

  async releaseClock(token: string): Promise<void> {
    await releaseClock(this.db, token);
  }

  async clear(options: { keepRecipients: boolean }): Promise<void> {
    await clearStore(this.db, options);
  }
}
