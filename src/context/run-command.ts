import type { LocalOperations } from "../ports/operations.js";
import type { Faults } from "../providers/faults.js";
import type { JsonObject } from "../util/json.js";

/** Parts of the embedded engine that a server shares with the commands that it runs. */
export interface SharedEngine {
  /** An open engine, which commands use and leave open. By default, each command opens its own. */
  operations?: LocalOperations;
  /** Whether engines that commands open deliver nothing, whatever the channels say. */
  isSandboxed?: boolean;
  /** Failures that are injected into the deliveries of engines that commands open. */
  faults?: Faults;
}

/** A command that runs inside the process of another one, without a terminal. */
export interface CommandRequest {
  argv: readonly string[];
  /** Replaces variables of the environment. */
  env?: Record<string, string | undefined>;
  /** Standard input; none by default. */
  input?: string;
  signal: AbortSignal;
  engine?: SharedEngine;
  onProgress?(text: string): void;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
  /** The document of the error that ended the command, or null. */
  error: JsonObject | null;
}

/** Runs another command of the program. Errors are in its output, as on the command line. */
export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;
