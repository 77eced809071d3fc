import type { SettledDelivery } from "./attempt-delivery.js";

/** How long a delivery waits for others to be saved with it, because a transaction waits for the disk. */
const MAX_SAVE_DELAY_MS = 20;

interface UnsavedDelivery {
  token: string;
  delivery: SettledDelivery;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Saves deliveries as they settle, so that a slow provider does not delay the others: a crash would send their messages again.
 * Those that settle together are saved together.
 */
export class SettledDeliveries {
  private unsaved: UnsavedDelivery[] = [];
  private inProgress = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly save: (token: string, deliveries: readonly SettledDelivery[]) => Promise<void>) {}

  /** Runs an attempt, and returns once its delivery is saved. */
  async run(token: string, attempt: () => Promise<SettledDelivery>): Promise<void> {
    let delivery: SettledDelivery;
    this.inProgress++;
    try {
      delivery = await attempt();
    } finally {
      this.inProgress--;
    }
    await new Promise<void>((resolve, reject) => {
      this.unsaved.push({ token, delivery, resolve, reject });
      if (this.inProgress === 0) void this.saveAll();
      else this.timer ??= setTimeout(() => void this.saveAll(), MAX_SAVE_DELAY_MS);
    });
  }

  private async saveAll(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { unsaved } = this;
    this.unsaved = [];
    for (const token of new Set(unsaved.map((one) => one.token))) {
      const own = unsaved.filter((one) => one.token === token);
      try {
        await this.save(
          token,
          own.map(({ delivery }) => delivery),
        );
        for (const { resolve } of own) resolve();
      } catch (error) {
        for (const { reject } of own) reject(error);
      }
    }
  }
}
