/** Lets up to `permits` callers proceed at a time, and the others in the order in which they came. */
export class Semaphore {
  private readonly waiters: (() => void)[] = [];

  constructor(private permits: number) {}

  /** Waits for a permit and returns the function that releases it. */
  async acquire(): Promise<() => void> {
    if (this.permits > 0) this.permits -= 1;
    else await new Promise<void>((resolve) => this.waiters.push(resolve));
    return () => this.release();
  }

  /** Waits like `acquire`; null if no permit is available within `maxWaitMs` milliseconds. */
  async acquireWithin(maxWaitMs: number): Promise<(() => void) | null> {
    if (this.permits > 0) this.permits -= 1;
    else if (!(await this.waitUpTo(maxWaitMs))) return null;
    return () => this.release();
  }

  private waitUpTo(maxWaitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(resume), 1);
        resolve(false);
      }, maxWaitMs);
      this.waiters.push(resume);
    });
  }

  private release(): void {
    const next = this.waiters.shift();
    if (next) next();
    else this.permits += 1;
  }
}
