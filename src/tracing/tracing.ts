import type { EngineContext } from "../engine/context/engine-context.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Tracer } from "../ports/tracer.js";

/** The time that the end of a process waits for a collector, in milliseconds. */
export const FLUSH_MS = 2_000;

/** Records what an engine does, and sends it to a collector. */
export interface Tracing {
  tracer: Tracer;
  /** Returns providers whose deliveries are recorded. */
  traceProviders(findProvider: EngineContext["findProvider"]): EngineContext["findProvider"];
  /** Returns a client whose requests are recorded. */
  traceClient(client: HttpClient): HttpClient;
  /** Returns operations whose due work is recorded. `worker` is the ID of the worker. */
  traceOperations(operations: LocalOperations, worker: string): LocalOperations;
  /** Sends the recorded spans. Returns within {@link FLUSH_MS}, whether or not the collector answers. */
  close(): Promise<void>;
}
