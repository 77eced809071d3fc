import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import type { Previewing } from "../advancing/previewing.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type { Compiling } from "../workflow/compiling.js";

/** How the engine compiles, executes and previews the steps of a type. */
export interface EngineStep<S extends Step = Step> {
  /** Parses the templates of a step; null for a step without any. Without it, the texts of its settings are parsed. */
  compile?(step: S, place: string, compiling: Compiling): Promise<ChannelRenderer | null>;
  /** Whether a step may ask for a time in a zone. */
  needsTime?(step: S): boolean;
  /** Executes a step. `resumed`: its run waited there, and comes back. */
  execute(step: S, resumed: boolean, advancing: Advancing): StepEffect;
  /** Whether a step is previewed with its workflow, only if it is named, or not at all. */
  previews?(step: S): "always" | "named" | undefined;
  preview?(step: S, previewing: Previewing): StepPreview[];
}
