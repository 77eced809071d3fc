/** Pauses that can be ended early, all at once. */
export class Pauses {
  private readonly enders = new Set<() => void>();

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.enders.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.enders.add(end);
    });
  }

  end(): void {
    for (const end of [...this.enders]) end();
  }
}
