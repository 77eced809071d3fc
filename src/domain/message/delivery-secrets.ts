import type { JsonObject } from "../../util/json.js";
import type { Message } from "./message.js";

/**
 * Returns what is kept of a message's delivery secrets after a delivery attempt: all while it is queued, null once it ended.
 * A message that was given up keeps an empty object: retried by hand (E-213), it must not go out with other secrets instead.
 */
export function selectRetainedSecrets({
  secrets = {},
  status,
}: Pick<Message, "secrets" | "status">): JsonObject | null {
  if (status === "queued") return secrets;
  return status === "undelivered" ? {} : null;
}
