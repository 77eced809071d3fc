import type { Json, JsonObject } from "../util/json.js";

/** An event of a source that runs may wait for. */
export interface SourceEvent {
  source_key: string;
  event_key: string;
  /** The user whom the event is about, or null. */
  user_id: string | null;
  /** The time of the event in milliseconds; null for now. */
  at: number | null;
  data: JsonObject;
  preprocess_output?: Json;
  event_gid?: string;
}
