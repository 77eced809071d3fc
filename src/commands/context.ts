import type { ExpectationResult } from "../domain/run/expectation.js";
import type { InputSource } from "../input/input-source.js";
import type { Output } from "../output/output.js";
import type { ProfileService, ProjectService, SettingsService, TargetService } from "./services.js";
import type { BulkService } from "./shared/bulk-service.js";

/** The process and the terminal that a command runs in. */
interface CommandProcess {
  output: Output;
  input: InputSource;
  /** The arguments as the user typed them. */
  argv: readonly string[];
  /** Aborted by SIGINT, SIGTERM or SIGHUP. The command then finishes the work in progress and reports. */
  readonly signal: AbortSignal;
  /** Sets the exit code. The code of an interruption takes precedence, unless `isFinal` is set. */
  setExitCode(code: number, isFinal?: boolean): void;
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Asks on the terminal; resolves to false without a terminal. */
  confirm(question: string): Promise<boolean>;
  /** Reads a secret from the terminal without showing it; resolves to null without a terminal. */
  askSecret(question: string): Promise<string | null>;
  /** Reports unmet `--expect` rules to the CI system that runs the command, if that system is supported. */
  reportUnmetExpectations(title: string, results: readonly ExpectationResult[]): void;
}

/** The context that every command receives. Each service opens its resources when it is first used. */
export interface CommandContext extends CommandProcess {
  readonly settings: SettingsService;
  readonly project: ProjectService;
  readonly target: TargetService;
  readonly profiles: ProfileService;
  openBulkFiles(): Promise<BulkService>;
}
