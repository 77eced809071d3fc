import type { JsonObject } from "../../util/json.js";
import type { StepType } from "../step/step.js";
import type { Reason } from "./outcome.js";

/** What a channel step would send, or a step that asks outside was answered, without a run: nothing is kept. */
export interface StepPreview {
  ref: string;
  channel_type: string;
  /** The channel's key; null where no channel applies. */
  channel: string | null;
  /** The API's content documents, one per destination. */
  contents: JsonObject[];
  /** Why there is none: the recipient lacks an address, or the template fails for this data. */
  reason: Reason | null;
  /** What a run's event would tell beside: a translation that is missing. */
  warnings: string[];
  /** Of a fetch or agent step, which is tried instead (E-302, E-410): what it asked, and the data after it. */
  tested?: { type: StepType; request: JsonObject | null; data: JsonObject | null };
}
