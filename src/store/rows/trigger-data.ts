import type { JsonObject } from "../../util/json.js";

/** A trigger's data, which most of its runs share, and its JSON text. The value is null where only the text was read. */
export interface TriggerData {
  value: JsonObject | null;
  text: string;
}
