import type { MessageStatuses } from "../../domain/message/message.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import type { Signal } from "../../domain/run/run-wait.js";
import type { IdSource } from "../../util/ids.js";
import type { ScopeInput } from "../context/build-scope.js";
import type { RenderPart } from "../liquid/limit-rendering.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";

/** Everything that an advance reads: the run with its recipient, actor and tenant, its earlier messages, and the time. */
export interface AdvanceInput extends Omit<ScopeInput, "workflow" | "batch" | "preferences"> {
  compiled: CompiledWorkflow;
  /** The messages that the run created before, oldest first. */
  messages: readonly MessageStatuses[];
  now: number;
  ids: IdSource;
  /** Whether the workflow no longer exists or is not active: the run ends instead of continuing (E-020, E-023). */
  isUnavailable: boolean;
  /** Whether the recipient has already used up a once-only workflow (E-068). */
  alreadyTriggered: boolean;
  /** The batch that the run keeps open or continued with, or null. */
  batch: BatchContent | null;
  /** The events that the run received while it waited for one, oldest first. */
  signals: readonly Signal[];
  /** The results of the steps' queries, by ref. */
  queryResults: ReadonlyMap<string, unknown>;
  /** Receives the type of a step and the seconds that it took. Absent if nothing measures steps. */
  onStep?: ((type: string, seconds: number) => void) | undefined;
  /** Executes a step or evaluates conditions. Absent if all parts of the advance share a time limit. */
  renderPart?: RenderPart;
}
