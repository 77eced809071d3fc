import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PROGRAM } from "../../src/app/program.js";
import { run } from "../../src/app/run.js";
import type { ProcessIO } from "../../src/context/process-io.js";
import type { OutputStream } from "../../src/output/output-stream.js";
import { findCommandName } from "../../src/util/command-name.js";
import { sleep } from "../../src/util/sleep.js";
import { releaseClosedStores } from "./collect-garbage.js";
import { checkPrintedDocuments } from "./output-schemas.js";
import {
  type CommandInvocation,
  createSample,
  createSampleTest,
  type ProcessResult,
  type Sample,
  type SampleName,
} from "./run-knock.js";

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
  version: string;
};

/** Throws for variables that Node reads when a process starts, because they would have no effect on a command in this process. */
function checkEnvironmentVariables({ TZ = "UTC", LANG = "C.UTF-8", ...env }: Record<string, string>): void {
  const [nodeVariable] = Object.keys(env).filter((name) => /^(NODE|LC)_/.test(name));
  if (nodeVariable !== undefined || TZ !== "UTC" || LANG !== "C.UTF-8")
    throw new Error(`${nodeVariable ?? "TZ or LANG"} needs a process of its own: use cliTest`);
}

/** Limits a chunk of standard input to the size of a pipe. */
const PIPE_BYTES = 65_536;

/** A text that a command wrote to one of its outputs. */
interface OutputChunk {
  isError: boolean;
  text: Buffer;
}

/** Collects written text as the bytes that a process would write. */
function createOutputCollector(isError: boolean, chunks: OutputChunk[]): { stream: OutputStream; text: () => string } {
  const write = (text: string): void => void chunks.push({ isError, text: Buffer.from(text) });
  return {
    stream: { isTTY: false, write, writeAsync: async (text) => write(text) },
    text: () =>
      Buffer.concat(chunks.filter((chunk) => chunk.isError === isError).map(({ text }) => text))
        .toString("utf8")
        .replace(/\n$/, ""),
  };
}

/**
 * Runs a command from source in this process, as `src/app/start.ts` does in a process of its own. The environment, the
 * working directory and standard input are those of the invocation, and outputs are pipes. Aborting `signal` interrupts it.
 * `onRead` is called if the command reads standard input, which is then a pipe.
 */
export async function runInProcess({
  args,
  cwd,
  env,
  input,
  signal = new AbortController().signal,
  bin,
  onRead,
  ...processOptions
}: CommandInvocation & { signal?: AbortSignal; onRead?: () => void }): Promise<
  ProcessResult & { chunks: OutputChunk[] }
> {
  const [option] = Object.keys(processOptions);
  if (option !== undefined) throw new Error(`"${option}" needs a process of its own: use cliTest`);
  checkEnvironmentVariables(env);
  const chunks: OutputChunk[] = [];
  const stdout = createOutputCollector(false, chunks);
  const stderr = createOutputCollector(true, chunks);
  const processIO: ProcessIO = {
    argv: args,
    name: findCommandName(bin, {}),
    env,
    cwd,
    version,
    cachePrefix: null,
    threadFile: null,
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdinIsTerminal: false,
    stdinIsPiped: input !== undefined || onRead !== undefined,
    signal,
    readStdin: async function* () {
      onRead?.();
      const bytes = Buffer.from(input ?? "");
      for (let at = 0; at < bytes.length; at += PIPE_BYTES) yield bytes.subarray(at, at + PIPE_BYTES);
    },
    sleep,
    confirm: async () => false,
    askSecret: async () => null,
  };
  // A copy needs a store that no one uses. In a process of its own, no closed store is left.
  if (args.join(" ").startsWith("store copy")) await releaseClosedStores();
  const { code } = await run(PROGRAM, processIO);
  const result = { stdout: stdout.text(), stderr: stderr.text(), exitCode: code, chunks };
  if (args.includes("--json")) checkPrintedDocuments(args, result);
  return result;
}

/** Copies a sample project as `createSample` does. Its commands run in this process. */
export const createInProcessSample = (name: SampleName | null): Sample => createSample(name, runInProcess);

/** An `it` with sample projects whose commands run in this process, which is ten times as fast as a process for each. */
export const inProcessTest = createSampleTest(runInProcess);
