import type { SharedRequest } from "../../domain/workflow/shared-request.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { KnockError } from "../../errors/knock-error.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import type * as TimeWindows from "../schedule/time-windows.js";
import type { trackContent } from "../tracking/track-content.js";

/** A workflow with its templates parsed: made once per version and process. */
export interface CompiledWorkflow {
  workflow: Workflow;
  /** By step ref. */
  renderers: ReadonlyMap<string, ChannelRenderer>;
  /** Requests that its fetch steps share, by key (E-305); an error stands for what cannot be read or does not parse. */
  requests: ReadonlyMap<string, SharedRequest | KnockError>;
  /** Time-zone arithmetic, loaded only where a step of this workflow may need it. */
  timeWindows: typeof TimeWindows | null;
  /** What is wrong with a layout or a partial that it names; who starts runs refuses it. */
  sharedError: KnockError | null;
  /** What tracks messages, loaded only where somebody receives clicks. */
  trackContent?: typeof trackContent;
  /** Whether a template looks translations up. */
  usesTranslations: boolean;
  /** Whether any text of its steps contains Liquid. */
  hasLiquid: boolean;
}
