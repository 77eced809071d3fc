import type { JsonObject } from "../util/json.js";

/** A message with the API's `MessageEvent`s, newest first. */
export interface MessageHistory {
  message: JsonObject;
  events: JsonObject[];
}
