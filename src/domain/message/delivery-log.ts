import type { JsonObject } from "../../util/json.js";

/** One request to a provider, and what came of it: in outline, without secrets (E-217, CH-047). */
export interface DeliveryExchange {
  /** The provider's name as its users know it. */
  service_name: string;
  /** The API's `MessageDeliveryLogRequest`. */
  request: JsonObject;
  /** The API's `MessageDeliveryLogResponse`; without a status where nothing came back, and why in the body. */
  response: JsonObject;
}

export interface DeliveryLog extends DeliveryExchange {
  /** KSUID. */
  id: string;
  message_id: string;
  at: number;
}
