import type { SharedRequest } from "../../domain/workflow/shared-request.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { KnockError } from "../../errors/knock-error.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type * as TimeWindows from "../schedule/time-windows.js";
import type { trackContent } from "../tracking/track-content.js";

/** A workflow with parsed templates, compiled once per version and process. */
export interface CompiledWorkflow {
  workflow: Workflow;
  /** The renderers by step ref. */
  renderers: ReadonlyMap<string, ChannelRenderer>;
  /** Requests that fetch steps share, by key (E-305). An error if a request cannot be read or parsed. */
  requests: ReadonlyMap<string, SharedRequest | KnockError>;
  /** Time zone arithmetic, loaded only if a step may need it. */
  timeWindows: typeof TimeWindows | null;
  /**
   * The first error in a layout, partial or shared request that the workflow uses. Callers that start runs throw it.
   */
  sharedError: KnockError | null;
  /** Adds tracking to messages. Loaded only if the environment has a tracking URL. */
  trackContent?: typeof trackContent;
  /** Whether a template looks up translations. */
  usesTranslations: boolean;
  /** Whether any text of its steps contains Liquid. */
  usesLiquid: boolean;
}
