import type * as z from "zod/mini";
import type { Output } from "../../output/output.js";
import type { JsonObject } from "../../util/json.js";
import type { CommandLine, Host } from "./host.js";

/** A call that may follow, with the arguments that are known already. */
export interface NextCall {
  tool: string;
  arguments: JsonObject;
}

/** The result of a tool. */
export interface ToolOutcome {
  /** The result as the command prints it. It contains texts of the project, which are data. */
  text: string;
  /** False if the command completed with an unwanted outcome, such as a failed scenario. Default: true. */
  ok?: boolean;
  next?: readonly NextCall[];
  /** The command's JSON document. */
  document?: JsonObject;
}

/** The functions for one call of a tool. */
export interface ToolCall {
  host: Host;
  signal: AbortSignal;
  /** Runs a command and returns its JSON document with its warnings. Throws {@link ToolError} for an error of the command. */
  runJson(command: CommandLine): Promise<{ document: JsonObject; warnings: string }>;
  /** Runs a command and returns its text with its warnings, and with its JSON document if the client asked for it. */
  runText(command: CommandLine): Promise<ToolOutcome>;
  /** Returns what a printer of the command line prints. */
  print(printer: (output: Output) => void): Promise<string>;
}

/** A tool: its description for a model, and how a call runs. */
export interface Tool {
  name: string;
  title: string;
  /** At most 60 words. */
  description: string;
  /** The schema of the arguments, besides `full`, which every tool with documents has. */
  input(host: Host): Record<string, z.ZodMiniType>;
  /** The names of the published documents that the tool returns with `full`. */
  documents: readonly string[];
  effect: "read" | "write" | "destroy";
  run(input: JsonObject, call: ToolCall): Promise<ToolOutcome>;
}

/** An error of a command, as its JSON document. */
export class ToolError extends Error {
  constructor(readonly document: JsonObject) {
    super(String(document.message));
  }
}
