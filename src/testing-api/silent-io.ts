import { createProcessIO, type ProcessIO } from "../context/process-io.js";
import { setLiquidMode } from "../engine/liquid/liquid-mode.js";
import { Output } from "../output/output.js";
import type { OutputStream } from "../output/output-stream.js";

const DISCARD: OutputStream = { write: () => true };

/** Returns an output whose results are discarded. Each line of warnings and logs is passed to a function. */
export function openSilentOutput(onLine: (text: string) => void): Promise<Output> {
  const stderr = {
    write(text: string) {
      for (const line of text.split("\n")) if (line !== "") onLine(line);
      return true;
    },
  };
  return Output.open({ stdout: DISCARD, stderr, env: {} });
}

/** Returns input and output for an engine inside another program, which keeps its own streams and signals. */
export function createSilentIO(): ProcessIO {
  const { signal } = new AbortController();
  const io = createProcessIO(() => signal);
  setLiquidMode(io.env.KNOCK_LIQUID);
  return { ...io, argv: [], stdout: DISCARD, stderr: DISCARD };
}
