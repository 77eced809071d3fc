/**
 * Returns whether work ends within a time. With a signal, the time begins when it is aborted. The work is not stopped. Throws its
 * error if it fails in time.
 */
export async function endsWithin(work: Promise<unknown>, milliseconds: number, start?: AbortSignal): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let startTimer = (): void => {};
  const late = new Promise<false>((resolve) => {
    startTimer = () => {
      timer = setTimeout(resolve, milliseconds, false);
    };
  });
  if (start === undefined || start.aborted) startTimer();
  else start.addEventListener("abort", startTimer, { once: true });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    start?.removeEventListener("abort", startTimer);
    clearTimeout(timer);
  }
}
