/**
 * Ends requests when a signal is aborted. One listener of the signal serves all requests, because a signal compares each new listener
 * with all others.
 */
export class Interruption {
  /**
   * The places of listeners are reused. A Set or a list of nodes would be replaced again and again, and in V8 an old one keeps the
   * requests of its entries in memory until the next full garbage collection: a file of triggers took 15% more time.
   */
  private readonly listeners: ((() => void) | null)[] = [];
  private readonly freePlaces: number[] = [];

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => {
      for (const notify of this.listeners) notify?.();
    });
  }

  get isInterrupted(): boolean {
    return this.signal.aborted;
  }

  /** Returns the place with which the listener is removed. */
  add(listener: () => void): number {
    const place = this.freePlaces.pop() ?? this.listeners.length;
    this.listeners[place] = listener;
    return place;
  }

  remove(place: number): void {
    this.listeners[place] = null;
    this.freePlaces.push(place);
  }
}
