import type { JsonObject } from "../../util/json.js";

/** The changes with which a run is run again. */
export interface RerunOptions {
  /** The step at which it starts; null for the first one. */
  from: string | null;
  /** Returns the trigger data in place of that of the run. */
  changeData(data: JsonObject): Promise<JsonObject>;
  /** Properties that the recipients get; null for none. */
  properties: JsonObject | null;
  skipsDelays: boolean;
  /** A git revision or a folder whose files are used; null for the current files. */
  against: string | null;
}
