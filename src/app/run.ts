import { setLiquidMode } from "../engine/liquid/liquid-mode.js";
import { getExitCode } from "../errors/knock-error.js";
import { Output } from "../output/output.js";
import { printError } from "../output/print-error.js";
import type { ProcessIO } from "./process-io.js";
import { type Commands, runProgram } from "./run-program.js";
import { createServices } from "./services/app-services.js";
import { suggestJsonSet } from "./suggest-json-set.js";

/** Returns whether `--json` was given, even if the flags cannot be parsed. */
function hasJsonFlag(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

interface RunResult {
  code: number;
  /** Whether the exit code stays the same if the process was interrupted. */
  isFinal: boolean;
  /** Whether a write to standard output is still waiting for its reader. */
  isOutputBlocked: boolean;
}

/** Runs the command that argv names and returns its exit code. Every error is caught here and printed once. */
export async function run(commands: Commands, io: ProcessIO): Promise<RunResult> {
  const output = await Output.open(io);
  if (!setLiquidMode(io.env.KNOCK_LIQUID))
    output.warn(`KNOCK_LIQUID is neither "compile" nor "interpret", so it has no effect`);
  let code = 0;
  let isFinal = false;
  const services = createServices(io, output, (requested, final = false) => {
    code = requested;
    isFinal = final;
  });
  const fail = (error: unknown): void => {
    output.verbosity = { ...output.verbosity, json: hasJsonFlag(io.argv) };
    printError(error, output, io.env.KNOCK_DEBUG === "1");
    code = getExitCode(error);
    isFinal = false;
  };
  try {
    await runProgram(commands, io.argv, io.version, services);
  } catch (error) {
    fail(suggestJsonSet(await services.target.explainError(error), io.argv));
  }
  try {
    await services.target.close();
  } catch (error) {
    fail(error);
  }
  return { code, isFinal, isOutputBlocked: output.isBlocked };
}
