import type { JsonObject } from "../util/json.js";
import type { Reason } from "./outcome.js";

/** What a channel step would send, without a run: nothing is kept. */
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
}
