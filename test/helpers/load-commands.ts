import { Command } from "commander";
import { COMMANDS } from "../../src/app/commands.js";
import type { ProcessIO } from "../../src/app/process-io.js";
import { createServices } from "../../src/app/services/app-services.js";
import { Output } from "../../src/output/output.js";

/** Returns all commands as the program defines them, without running any. */
export async function loadCommands(): Promise<readonly Command[]> {
  const stream = { isTTY: false, write: () => {} };
  const io = { argv: [], env: {}, cwd: "/", cachePrefix: null, stdout: stream, stderr: stream };
  const services = createServices(io as unknown as ProcessIO, await Output.open(io), () => {});
  const program = new Command("knock");
  for (const load of Object.values(COMMANDS)) (await load())(program, services);
  return program.commands;
}
