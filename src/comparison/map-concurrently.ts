/** The number of requests at the same time. */
export const MAX_CONCURRENT_READS = 4;

/** Runs `work` for each item, several at a time. Returns the results in the order of the items. */
export async function mapConcurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const runWorker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CONCURRENT_READS, items.length) }, runWorker));
  return results;
}
