import type { JsonObject } from "../../util/json.js";
import type { StepType } from "../step/step.js";
import type { Reason } from "./outcome.js";

/**
 * The content that a channel step would send, or the response to a step that sends a request, without a run. Nothing is
 * stored.
 */
export interface StepPreview {
  ref: string;
  channel_type: string;
  /** The key of the channel; null if no channel applies. */
  channel: string | null;
  /** The API's content documents, one per destination. */
  contents: JsonObject[];
  /** The reason why there is no content, such as a missing address or a render error; otherwise null. */
  reason: Reason | null;
  /** Warnings that a run would add to an event, such as a missing translation. */
  warnings: string[];
  /**
   * For a fetch or agent step, which is executed instead of previewed: its request, and the data after it (E-302,
   * E-410).
   */
  tested?: { type: StepType; request: JsonObject | null; data: JsonObject | null };
}
