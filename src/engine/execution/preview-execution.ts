import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import { type AdvanceInput, RunExecution } from "./run-execution.js";

/** What previews share between the walks that an answer takes. */
export interface PreviewTools {
  /** Returns the likely misspelled variables of a step's templates. */
  checkVariables(ref: string, scope: RenderScope): string[];
  /** What steps asked outside, by their refs. */
  requests: Map<string, JsonObject | null>;
}

/** A step tried without a run. It collects the warnings that a run's events would contain. */
export class PreviewExecution extends RunExecution {
  readonly previewWarnings = new Set<string>();

  constructor(
    input: AdvanceInput,
    run: RecipientRun,
    readonly tools: PreviewTools,
  ) {
    super(input, run);
  }

  override warn(text: string): void {
    this.previewWarnings.add(text);
  }
}
