import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import type { AdvanceInput } from "./advance-input.js";
import { RunExecution } from "./run-execution.js";

/** State that previews keep while they are repeated with the results of queries. */
export interface PreviewTools {
  /** Returns the likely misspelled variables of a step's templates. */
  checkVariables(ref: string, scope: RenderScope): string[];
  /** The requests of steps, by step ref. */
  requests: Map<string, JsonObject | null>;
}

/** The execution of a step without a run. It collects the warnings that the events of a run would contain. */
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
