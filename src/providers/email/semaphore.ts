/** Lets so many go at a time, the others in the order they came. */
export class Semaphore {
  private readonly waiters: (() => void)[] = [];

  constructor(private permits: number) {}

  /** Resolves with what ends the turn, or with null where none came up in time (milliseconds). */
  async acquire(maxWaitMs: number): Promise<(() => void) | null> {
    if (this.permits > 0) this.permits -= 1;
    else if (!(await this.wait(maxWaitMs))) return null;
    return () => this.release();
  }

  private wait(maxWaitMs: number): Promise<boolean> {
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
