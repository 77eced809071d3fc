/** Lets other events run, such as signals and requests. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Returns a function for long work to call between its parts. It lets other events run if they have waited for
 * `intervalMs` milliseconds.
 */
export function createEventLoopYield(intervalMs: number): () => Promise<void> {
  let lastYieldAt = performance.now();
  return async () => {
    if (performance.now() - lastYieldAt < intervalMs) return;
    await yieldToEventLoop();
    lastYieldAt = performance.now();
  };
}
