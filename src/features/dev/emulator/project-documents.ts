import type { BroadcastState } from "../../../domain/audience/broadcast.js";
import type { Environment } from "../../../domain/environment/environment.js";
import type { JsonObject } from "../../../util/json.js";

/** Reads documents of the project that the management API shows, and that are no resources of an account. */
export interface ProjectDocuments {
  /** Returns the settings of an environment of the account: `environment.json` with `environments/<slug>.json`. */
  readEnvironment(slug: string): Promise<Environment>;
  /** Returns the documents of sources or broadcasts by key, with the texts of their files inline. Invalid ones are left out. */
  readAll(kind: "sources" | "broadcasts"): Promise<ReadonlyMap<string, JsonObject>>;
  /** Returns the states of broadcasts by key. A draft has none. */
  readBroadcastStates(): Promise<ReadonlyMap<string, BroadcastState>>;
}
