import type { RecipientOutcome } from "../domain/run/outcome.js";
import type { JsonObject } from "../util/json.js";

/** A message as expectations see it. */
export interface ObservedMessage {
  id: string;
  /** A user ID, or `<collection>/<id>`. */
  to: string;
  channel: { key: string; type: string };
  step: string;
  workflow: string;
  tenant: string | null;
  /** The delivery status, with `sandboxed` for the API's `not_sent`. */
  status: string;
  engagement: readonly string[];
  /** ISO 8601. */
  at: string;
  /** The API's content. Its fields depend on the channel type. */
  content: JsonObject;
}

/** The effects of a step of a scenario, or the state so far. Parts that an expectation does not compare are empty. */
export interface Observation {
  outcomes: readonly ObservedRun[];
  /** The runs before the step; null if the step has no action. */
  previous: readonly ObservedRun[] | null;
  messages: readonly ObservedMessage[];
  /** The code of the error that the step ended with, or null. */
  error: { code: string; message: string } | null;
  /** The number of canceled runs; null unless the step cancels. */
  cancelled: number | null;
  /** The time of the clock, in ISO 8601; null if it was not read. */
  time: string | null;
}

/** A run of a recipient. */
export interface ObservedRun extends RecipientOutcome {
  workflow: string;
}
