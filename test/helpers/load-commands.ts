import { Command } from "commander";
import { PROGRAM } from "../../src/app/program.js";
import { createContext } from "../../src/context/command-context.js";
import type { ProcessIO } from "../../src/context/process-io.js";
import { Output } from "../../src/output/output.js";

/** Returns all commands as the program defines them, without running any. */
export async function loadCommands(): Promise<readonly Command[]> {
  const stream = { isTTY: false, write: () => {} };
  const io = { argv: [], env: {}, cwd: "/", cachePrefix: null, stdout: stream, stderr: stream };
  const services = createContext(io as unknown as ProcessIO, await Output.open(io), {
    setExitCode: () => {},
    runCommand: async () => ({ code: 0, stdout: "", stderr: "", error: null }),
  });
  const program = new Command("knock");
  for (const load of Object.values(PROGRAM.commands)) (await load())(program, services);
  return program.commands;
}

/** Returns all commands that are not groups, with the words that name them. */
export function listLeaves(
  commands: readonly Command[],
  path: readonly string[] = [],
): { words: string[]; command: Command }[] {
  return commands.flatMap((command) => {
    const words = [...path, command.name()];
    return command.commands.length > 0 ? listLeaves(command.commands, words) : [{ words, command }];
  });
}
