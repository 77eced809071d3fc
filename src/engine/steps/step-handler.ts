import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { PreviewExecution } from "../execution/preview-execution.js";
import type { RunExecution, StepEffect } from "../execution/run-execution.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { CompileContext } from "../workflow/compile-context.js";

/** How the engine compiles, executes and previews the steps of a type. */
export interface StepHandler<S extends Step = Step> {
  /** Parses the templates of a step; null for a step without any. Without it, the texts of its settings are parsed. */
  compile?(step: S, fieldPath: string, context: CompileContext): Promise<ChannelRenderer | null>;
  /** Whether a step may ask for a time in a zone. */
  needsTimeWindows?(step: S): boolean;
  /** Executes a step. `resumed`: its run waited there, and comes back. */
  execute(step: S, resumed: boolean, execution: RunExecution): StepEffect;
  /** Whether a step is previewed with its workflow, only if it is named, or not at all. */
  getPreviewMode?(step: S): "always" | "named" | undefined;
  preview?(step: S, execution: PreviewExecution): StepPreview[];
}
