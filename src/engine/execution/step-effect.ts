import type { Message } from "../../domain/message/message.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchContinuations, PendingTrigger } from "../../domain/run/batch-continuations.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { RunWait } from "../../domain/run/run-wait.js";
import type { JsonObject } from "../../util/json.js";

/** The effect of a step. `wait` pauses the run there, `branchIndex` enters a branch, `haltsRun` ends the run. */
export interface StepEffect {
  outcome: StepOutcome;
  messages?: Message[];
  wait?: { until: number; event?: RunWait };
  /** Whether the run ends as canceled (E-336, E-337). */
  cancelsRun?: boolean;
  branchIndex?: number;
  haltsRun?: boolean;
  /** The run's data for the next steps. */
  data?: JsonObject;
  /** Changed recipients, visible from the next step on (E-087). */
  upserts?: RecipientUpsert[];
  /** A workflow run that starts after this advance is written. */
  trigger?: PendingTrigger;
  /** Set if the run is at a batch step: the data needed to join or open a batch. */
  batch?: Pick<BatchContinuations, "key" | "closes_at" | "sliding" | "max_items"> & {
    /** The step's outcome if the run continues immediately without a batch; null if it never does. */
    outcomeWithoutBatch: StepOutcome | null;
  };
  /** The data of the step's event, such as the evaluated conditions. */
  log?: JsonObject;
  /** Whether the step's event is an error (E-331). */
  isError?: boolean;
}
