import type { JsonObject } from "../util/json.js";

/** A request of a fetch step, as rendered. */
export interface StepRequest {
  method: string;
  /** Whole, with its query. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
  /** Milliseconds for the whole exchange (E-295). */
  timeout_ms: number;
}

/** A request that leaves, to a host that the project's configuration names. */
export interface OutboundRequest extends StepRequest {
  /**
   * Addresses and ranges that the host's name may resolve to although they are not public. An address as the host needs
   * no entry here.
   */
  private_addresses: readonly string[];
}

/** What came back, or why nothing did. */
export type OutboundResponse =
  | { status: number; text: string }
  | { failure: "timeout" | "connection"; message: string };

/** Makes requests of steps; redirects are not followed, and bodies above 10 MB are a failed connection. */
export interface HttpClient {
  fetch(request: OutboundRequest): Promise<OutboundResponse>;
}

/** What an agent step asks a model. */
export interface AgentRequest {
  workflow: string;
  step: string;
  model: string;
  prompt: string;
  response_type: "text" | "json";
  response_schema: JsonObject | null;
  web_search_enabled: boolean;
}
