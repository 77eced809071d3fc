/**
 * Ignores errors of the database that nothing awaits, until the returned function is called: graphile-worker does not await the
 * statements that end jobs, and their rejections would end the process when the database restarts, is full or is read-only. A job
 * that was not ended is unlocked or found by the reconciler, and runs again. Other rejections end the process as usual.
 */
export function ignoreDatabaseErrors(isDatabaseError: (error: unknown) => boolean): () => void {
  const listener = (error: unknown): void => {
    if (!isDatabaseError(error)) throw error;
  };
  process.on("unhandledRejection", listener);
  return () => process.off("unhandledRejection", listener);
}
