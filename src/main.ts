import { processStream } from "./app/process-stream.js";
import { processSurroundings, VERSION } from "./app/surroundings.js";

const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<void> {
  const [only, ...more] = process.argv.slice(2);
  if ((only === "--version" || only === "-V") && more.length === 0) {
    processStream(1).write(`${VERSION}\n`);
    return;
  }
  let abort: AbortController | undefined;
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(INTERRUPTED)) {
    process.on(signal, () => {
      // A second one means now: what is committed is safe at any moment.
      if (interrupted !== undefined) process.exit(code);
      interrupted = code;
      abort?.abort();
    });
  }
  const { run } = await import("./app/run.js");
  const signal = (): AbortSignal => {
    abort ??= new AbortController();
    if (interrupted !== undefined) abort.abort();
    return abort.signal;
  };
  const code = await run(processSurroundings(signal));
  process.exitCode = interrupted ?? code;
}

void main();
