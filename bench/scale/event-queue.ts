// The parts of a simulation by events: the events in order of time, and processors and locks that are used in turn.

interface Event {
  at: number;
  order: number;
  run: () => void;
}

/** Events in order of time. Events of one time run in the order in which they were added. */
export class EventQueue {
  now = 0;
  private added = 0;
  private readonly heap: Event[] = [];

  add(delay: number, run: () => void): void {
    const event = { at: this.now + delay, order: this.added++, run };
    let index = this.heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(this.heap[parent]!, event)) break;
      this.heap[index] = this.heap[parent]!;
      index = parent;
    }
    this.heap[index] = event;
  }

  /** Runs events until none is left, or until the time limit in milliseconds. */
  run(limit: number): void {
    for (let event = this.take(); event !== undefined && event.at <= limit; event = this.take()) {
      this.now = event.at;
      event.run();
    }
  }

  private take(): Event | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (last === undefined || last === first) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && isBefore(this.heap[child + 1]!, this.heap[child]!)) child++;
      if (isBefore(last, this.heap[child]!)) break;
      this.heap[index] = this.heap[child]!;
      index = child;
    }
    this.heap[index] = last;
    return first;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** Longest use of a processor without a turn for others, in milliseconds. */
const QUANTUM_MS = 5;

/** Processors that share work in turns. `speed` is the share of each that other programs leave. */
export class Processors {
  /** Time for which processors were in use, summed, in milliseconds. */
  busyMs = 0;
  private free: number;
  private readonly waiting: { left: number; done: () => void }[] = [];
  private head = 0;

  constructor(
    private readonly events: EventQueue,
    count: number,
    private readonly speed = 1,
  ) {
    this.free = count;
  }

  use(milliseconds: number, done: () => void): void {
    this.waiting.push({ left: milliseconds / this.speed, done });
    this.startWaiting();
  }

  private startWaiting(): void {
    while (this.free > 0 && this.head < this.waiting.length) {
      const task = this.waiting[this.head++]!;
      if (this.head > 1_000) {
        this.waiting.splice(0, this.head);
        this.head = 0;
      }
      this.free--;
      const turn = Math.min(task.left, QUANTUM_MS);
      task.left -= turn;
      this.events.add(turn, () => {
        this.busyMs += turn;
        this.free++;
        if (task.left > 0) this.waiting.push(task);
        else task.done();
        this.startWaiting();
      });
    }
  }
}

/** A lock whose waiters get it in turn. */
export class Lock {
  /** Time for which the lock was held, summed, in milliseconds. */
  heldMs = 0;
  /** The number of times it was taken. */
  taken = 0;
  private takenAt = 0;
  private isHeld = false;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly events: EventQueue) {}

  take(then: () => void): void {
    if (this.isHeld) this.waiting.push(then);
    else this.hand(then);
  }

  release(): void {
    this.heldMs += this.events.now - this.takenAt;
    this.isHeld = false;
    const next = this.waiting.shift();
    if (next !== undefined) this.hand(next);
  }

  private hand(then: () => void): void {
    this.isHeld = true;
    this.taken++;
    this.takenAt = this.events.now;
    then();
  }
}
