import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { PreviewExecution } from "../execution/preview-execution.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { CompileContext } from "../workflow/compile-context.js";

/** How the engine compiles, executes and previews the steps of a type. */
export interface StepHandler<S extends Step = Step> {
  /**
   * Parses the templates of a step. Returns null for a step without templates. If absent, the texts of the step's
   * settings are parsed.
   */
  compile?(step: S, fieldPath: string, context: CompileContext): Promise<ChannelRenderer | null>;
  /** Returns whether a step may compute times in a time zone. */
  needsTimeWindows?(step: S): boolean;
  /** Executes a step. `resumed`: the run has waited at it. */
  execute(step: S, resumed: boolean, execution: RunExecution): StepEffect;
  /** Returns whether a step is previewed always, only if it is named, or never (undefined). */
  getPreviewMode?(step: S): "always" | "named" | undefined;
  preview?(step: S, execution: PreviewExecution): StepPreview[];
}
