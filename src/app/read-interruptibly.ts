import { createReadStream } from "node:fs";
import { KnockError } from "../errors/knock-error.js";
import { describeFileError } from "../util/text-file.js";

/** What reading needs of a stream. */
interface ByteStream extends AsyncIterable<unknown> {
  destroy(): unknown;
}

/** Yields a stream's chunks, and ends early once the signal is aborted. Throws `usage` if it cannot be read. */
export async function* readInterruptibly(
  stream: ByteStream,
  inputName: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const stop = (): void => void stream.destroy();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stream) {
      if (signal.aborted) return;
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (signal.aborted) return; // destroyed above
    throw new KnockError("usage", `${inputName} ${describeFileError(error)}`, {
      hint: "Name a readable text file in UTF-8; paths are relative to the working directory.",
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Yields a file's chunks in the same way, whatever its size. */
export function readFileInterruptibly(path: string, inputName: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return readInterruptibly(createReadStream(path), inputName, signal);
}
