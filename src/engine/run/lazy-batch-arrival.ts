import type { BatchArrival, Continuation } from "../../domain/run/batch-arrival.js";

/** A batch arrival that creates the continuations `waiting` and `halted` only if the store picks them. */
export class LazyBatchArrival implements BatchArrival {
  readonly key: string;
  readonly closes_at: number | null;
  readonly sliding: BatchArrival["sliding"];
  readonly max_items: number | null;
  private waitingContinuation: Continuation | null = null;
  private haltedContinuation: Continuation | null = null;

  constructor(
    { key, closes_at, sliding, max_items }: Pick<BatchArrival, "key" | "closes_at" | "sliding" | "max_items">,
    readonly activity: BatchArrival["activity"],
    readonly immediate: Continuation | null,
    private readonly createContinuation: (kind: "waiting" | "halted") => Continuation,
  ) {
    this.key = key;
    this.closes_at = closes_at;
    this.sliding = sliding;
    this.max_items = max_items;
  }

  get waiting(): Continuation {
    this.waitingContinuation ??= this.createContinuation("waiting");
    return this.waitingContinuation;
  }

  get halted(): Continuation {
    this.haltedContinuation ??= this.createContinuation("halted");
    return this.haltedContinuation;
  }
}
