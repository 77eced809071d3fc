import type { JsonObject } from "../../util/json.js";
import type { Message } from "./message.js";

/**
 * Returns the delivery secrets to keep after a delivery attempt: all while the message is queued, null once delivery
 * has ended. An undelivered message keeps an empty object, so that retrying it by hand (E-213) cannot send it with
 * other secrets.
 */
export function selectRetainedSecrets({
  secrets = {},
  status,
}: Pick<Message, "secrets" | "status">): JsonObject | null {
  if (status === "queued") return secrets;
  return status === "undelivered" ? {} : null;
}
