import type { JsonObject } from "../../util/json.js";

/** One request to a provider and its response, summarized and without secrets (E-217, CH-047). */
export interface DeliveryExchange {
  /** The provider's name, for people. */
  service_name: string;
  /** The API's `MessageDeliveryLogRequest`. */
  request: JsonObject;
  /**
   * The API's `MessageDeliveryLogResponse`. Without a response it has no status, and the body contains the
   * reason.
   */
  response: JsonObject;
}

export interface DeliveryLog extends DeliveryExchange {
  /** A KSUID. */
  id: string;
  message_id: string;
  at: number;
}
