import type { HandlerOptions } from "../emulator-options.js";

/** Empties the store of an app, and fills it as it is when it is first opened. Faults and webhook events are removed. */
export async function resetStore(
  { worker, bulkOperations, faults, webhooks, reset }: HandlerOptions,
  keep: { recipients: boolean },
): Promise<void> {
  await bulkOperations.waitUntilDone(); // otherwise its rows would be written to the empty store
  faults.clear();
  await worker.runExclusively(() => reset(keep));
  await webhooks?.clear();
}
