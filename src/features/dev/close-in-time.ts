import type { CommandContext } from "../../context/command-context.js";
import { endsWithin } from "../../util/ends-within.js";
import type { OpenedEmulator } from "./open-project-emulator.js";

/** Container runtimes kill a process 10 to 30 seconds after SIGTERM. */
const MAX_CLOSE_MS = 8_000;

/**
 * Answers the requests that have arrived, and finishes running work, if that does not take too long: a request with many
 * recipients and a slow template takes minutes. Then due work is released for the next process, and the rest is as after a crash,
 * which loses nothing that was accepted.
 */
export async function closeInTime(emulator: OpenedEmulator, { output }: CommandContext): Promise<void> {
  if (await endsWithin(emulator.close(), MAX_CLOSE_MS)) return;
  await emulator.releaseWork();
  output.warn(
    `requests or work in progress did not end within ${MAX_CLOSE_MS / 1_000} seconds: requests without a response were not accepted, and due work continues at the next start`,
  );
}
