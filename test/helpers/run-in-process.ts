import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { COMMANDS } from "../../src/app/commands.js";
import { type ProcessIO, sleep } from "../../src/app/process-io.js";
import { run } from "../../src/app/run.js";
import type { OutputStream } from "../../src/output/output-stream.js";
import { createSample, createSampleTest, type RunCommand, type Sample, type SampleName } from "./run-knock.js";

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
  version: string;
};

/** What Node itself reads when a process starts has no effect on a command in this one. */
function checkEnvironmentVariables({ TZ = "UTC", LANG = "C.UTF-8", ...env }: Record<string, string>): void {
  const [nodeVariable] = Object.keys(env).filter((name) => /^(NODE|LC)_/.test(name));
  if (nodeVariable !== undefined || TZ !== "UTC" || LANG !== "C.UTF-8")
    throw new Error(`${nodeVariable ?? "TZ or LANG"} needs a process of its own: use cliTest`);
}

/** A pipe hands over no more at once. */
const PIPE_BYTES = 65_536;

/** Collects what is written as the bytes that a process would write. */
function createOutputCollector(): { stream: OutputStream; text: () => string } {
  const chunks: Buffer[] = [];
  const write = (text: string): void => void chunks.push(Buffer.from(text));
  return {
    stream: { isTTY: false, write, writeAsync: async (text) => write(text) },
    text: () => Buffer.concat(chunks).toString("utf8").replace(/\n$/, ""),
  };
}

/**
 * Runs a command from source in this process, as `src/app/start.ts` runs it in its own: the environment, the working directory and
 * standard input are those of the invocation, outputs are pipes, and no signal arrives.
 */
const runInProcess: RunCommand = async ({ args, cwd, env, input, ...ofProcess }) => {
  const [option] = Object.keys(ofProcess);
  if (option !== undefined) throw new Error(`"${option}" needs a process of its own: use cliTest`);
  checkEnvironmentVariables(env);
  const stdout = createOutputCollector();
  const stderr = createOutputCollector();
  const never = new AbortController();
  const surroundings: ProcessIO = {
    argv: args,
    env,
    cwd,
    version,
    cachePrefix: null,
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdinIsTerminal: false,
    stdinIsPiped: input !== undefined,
    signal: never.signal,
    readStdin: async function* () {
      const bytes = Buffer.from(input ?? "");
      for (let at = 0; at < bytes.length; at += PIPE_BYTES) yield bytes.subarray(at, at + PIPE_BYTES);
    },
    sleep,
    confirm: async () => false,
    askSecret: async () => null,
  };
  const { code } = await run(COMMANDS, surroundings);
  return { stdout: stdout.text(), stderr: stderr.text(), exitCode: code };
};

/** Copies a sample project as `createSample` does; `knock` runs commands in this process. */
export const createInProcessSample = (name: SampleName | null): Sample => createSample(name, runInProcess);

/** `test` with sample projects whose commands run in this process, which is ten times as fast as starting one for each. */
export const inProcessTest = createSampleTest(runInProcess);
