import { createReadStream } from "node:fs";
import { KnockError } from "../errors/knock-error.js";
import { describeFileError } from "../util/text-file.js";

/** The part of a stream that readInterruptibly uses. */
interface ByteStream extends AsyncIterable<unknown> {
  destroy(): unknown;
}

/** Yields a stream's chunks, and ends early if the signal is aborted. Throws `usage` if the stream cannot be read. */
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
    if (signal.aborted) return; // The abort destroyed the stream, which causes this error.
    throw new KnockError("usage", `${inputName} ${describeFileError(error)}`, {
      hint: "Give the path of a readable UTF-8 text file. Paths are relative to the working directory.",
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Yields a file's chunks like readInterruptibly, without loading the whole file. Opens it when the first chunk is requested. */
export async function* readFileInterruptibly(
  path: string,
  inputName: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield* readInterruptibly(createReadStream(path), inputName, signal);
}
