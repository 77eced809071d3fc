/** A run as stored. `batch` identifies the batch that the run waits for or continued with. */
interface BatchedRun<Batch> {
  batch: Batch | null;
}

/**
 * Returns the batches that close because a worker claims their runs, or because the runs end with their recipient. They
 * close regardless of their closing time, so that later triggers open a new batch even if the clock moves back (E-053,
 * E-261, EQ-43).
 */
export function collectBatchesToClose<Batch>(runs: readonly BatchedRun<Batch>[]): Set<Batch> {
  return new Set(runs.flatMap(({ batch }) => (batch === null ? [] : [batch])));
}
