import { exitCodeOf } from "../errors/knock-error.js";
import { Output } from "../output/output.js";
import { printError } from "../output/print-error.js";
import { type Commands, runProgram } from "./program.js";
import { createServices } from "./services/app-services.js";
import type { Surroundings } from "./surroundings.js";

/** Whether `--json` was asked for, known even where the flags could not be parsed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

interface Ended {
  code: number;
  /** Also where it was interrupted. */
  isFinal: boolean;
  /** A write to standard output is still waiting for its reader. */
  isStuck: boolean;
}

/** argv → exit code. Everything that goes wrong ends here as one printed error. */
export async function run(commands: Commands, surroundings: Surroundings): Promise<Ended> {
  const output = await Output.open(surroundings);
  let code = 0;
  let isFinal = false;
  const services = createServices(surroundings, output, (asked, final = false) => {
    code = asked;
    isFinal = final;
  });
  const fail = (error: unknown): void => {
    output.verbosity = { ...output.verbosity, json: wantsJson(surroundings.argv) };
    printError(error, output, surroundings.env.KNOCK_DEBUG === "1");
    code = exitCodeOf(error);
    isFinal = false;
  };
  try {
    await runProgram(commands, surroundings.argv, surroundings.version, services);
  } catch (error) {
    fail(await services.target.explain(error));
  }
  try {
    await services.target.close();
  } catch (error) {
    fail(error);
  }
  services.validDocuments.save();
  return { code, isFinal, isStuck: output.isStuck };
}
