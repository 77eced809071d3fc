import type { BatchContinuations, Continuation } from "../../domain/run/batch-continuations.js";

/** The continuations of a run at a batch, of which `waiting` and `halted` are created only if the store picks them. */
export class LazyBatchContinuations implements BatchContinuations {
  readonly key: string;
  readonly closes_at: number | null;
  readonly sliding: BatchContinuations["sliding"];
  readonly max_items: number | null;
  private waitingContinuation: Continuation | null = null;
  private haltedContinuation: Continuation | null = null;

  constructor(
    { key, closes_at, sliding, max_items }: Pick<BatchContinuations, "key" | "closes_at" | "sliding" | "max_items">,
    readonly activity: BatchContinuations["activity"],
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
