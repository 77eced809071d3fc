import type { JsonObject } from "../util/json.js";

/** A rendered request of a fetch step. */
export interface StepRequest {
  method: string;
  /** The complete URL, including its query. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
  /** Milliseconds for the whole exchange (E-295). */
  timeout_ms: number;
}

/** A request to a host that the project's configuration allows. */
export interface OutboundRequest extends StepRequest {
  /**
   * Addresses and ranges that the host's name may resolve to although they are not public. A host that is itself an
   * address needs no entry.
   */
  private_addresses: readonly string[];
}

/** The response, or why the request failed. */
export type OutboundResponse =
  | { status: number; text: string }
  | { failure: "timeout" | "connection"; message: string };

/** Sends the requests of steps. Redirects are not followed, and a body above 10 MB is a failed connection. */
export interface HttpClient {
  fetch(request: OutboundRequest): Promise<OutboundResponse>;
}

/** The request of an agent step to a model. */
export interface AgentRequest {
  workflow: string;
  step: string;
  model: string;
  prompt: string;
  response_type: "text" | "json";
  response_schema: JsonObject | null;
  web_search_enabled: boolean;
}
