import type { Environment } from "../domain/environment.js";
import type { Definitions } from "../ports/definitions.js";
import type { HeldOccurrence, LocalOperations } from "../ports/operations.js";

export interface EmulatorOptions {
  operations: LocalOperations;
  /** Read anew for each request that asks. */
  environment(): Promise<Environment>;
  /** For the page, which shows what can be triggered. */
  workflows: Pick<Definitions, "workflow" | "workflowKeys">;
  /** The page's HTML with all that it needs; null where it was not built. */
  readPage(): Promise<string | null>;
  /** An environment variable, for settings written as `$NAME`. */
  readVariable(name: string): string | undefined;
  /** Empties the store, and fills it again as it is when first opened. */
  reset(keep: { recipients: boolean }): Promise<void>;
  host: string;
  /** 0 picks one. */
  port: number;
  rateLimits: boolean;
  onHeld(held: HeldOccurrence): void;
  /** A fault of ours, or of the surroundings, that a request or due work met. */
  onError(error: unknown): void;
}
