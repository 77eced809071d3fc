import type { JsonObject } from "../util/json.js";
import type { LocalOperations } from "./operations.js";
import type { Store } from "./store.js";

/** The engine of a server, as a service of it may use it. */
export interface ServedEngine {
  operations: LocalOperations;
  /** The store of the engine. Services read it. */
  store: Store;
  faults: {
    /** Adds a fault, which `faultBodySchema` describes. */
    add(body: JsonObject): Promise<JsonObject>;
    list(): JsonObject[];
    /** Removes all faults and returns their number. */
    clear(): number;
  };
  /** Empties the store, and fills it as it is when it is first opened. */
  reset(keep: { recipients: boolean }): Promise<void>;
}

/** Answers a request, whose `Host` and `Origin` were accepted. */
export type HandleHttpRequest = (request: Request) => Promise<Response>;
