/** Lets so many go at a time, the others in the order they came. */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Resolves with what ends the turn, or with null where none came up in time (milliseconds). */
  async take(maxWaitMs: number): Promise<(() => void) | null> {
    if (this.free > 0) this.free -= 1;
    else if (!(await this.wait(maxWaitMs))) return null;
    return () => this.give();
  }

  private wait(maxWaitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        resolve(false);
      }, maxWaitMs);
      this.waiting.push(go);
    });
  }

  private give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
