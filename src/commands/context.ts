import type { ExpectationResult } from "../domain/run/expectation.js";
import type { InputSource } from "../input/input-source.js";
import type { Output } from "../output/output.js";
import type { ProfileService, ProjectService, SettingsService, TargetService } from "./services.js";

/** The process and the terminal that a command runs in. */
interface CommandProcess {
  output: Output;
  input: InputSource;
  /** The arguments as typed. */
  argv: readonly string[];
  /** Aborted by SIGINT or SIGTERM: finish the work in progress and report. */
  readonly signal: AbortSignal;
  /** Sets the exit code. The code of an interruption takes precedence unless this one is final. */
  setExitCode(code: number, isFinal?: boolean): void;
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Asks on the terminal; returns false without one. */
  confirm(question: string): Promise<boolean>;
  /** Reads a secret from the terminal without showing it; null without one. */
  askSecret(question: string): Promise<string | null>;
  /** Reports `--expect` rules to the CI system that runs the command, if it is a known one and some are unmet. */
  reportUnmetExpectations(title: string, results: readonly ExpectationResult[]): void;
}

/** What every command receives. Each service opens what it needs when it is first used. */
export interface CommandContext extends CommandProcess {
  readonly settings: SettingsService;
  readonly project: ProjectService;
  readonly target: TargetService;
  readonly profiles: ProfileService;
}
