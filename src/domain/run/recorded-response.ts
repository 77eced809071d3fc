import type { Json } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";

/** The step of a run that sends a request. */
export interface RequestOrigin {
  workflow: string;
  step: string;
  recipient: RecipientKey;
  /** The time of the trigger, in milliseconds. */
  triggered_at: number;
}

/** The result of a request in the past: the JSON body of its response, absent for an empty one, or an error. */
export type RecordedResponse = { body?: Json } | { error: string };
