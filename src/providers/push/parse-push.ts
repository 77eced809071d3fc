import type { Message } from "../../domain/message/message.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { getPayloadOverrides } from "../apply-payload-overrides.js";
import { createPermanentError } from "../delivery-error.js";

export interface Push {
  token: string;
  title: string;
  body: string;
  /** Whether there is no title and no body: the app is woken, and nothing is shown (CH-132). */
  isSilent: boolean;
  /** The trigger's data and the message's id (CH-131). */
  data: JsonObject;
  overrides: JsonObject;
}

/** Parses a rendered push message, which no other code reads. Throws `DeliveryError` if it has no device token. */
export function parsePush({ id, content }: Message): Push {
  const text = (name: string): string => (typeof content[name] === "string" ? content[name] : "");
  const [token, title, body] = [text("token"), text("title"), text("body")];
  if (token === "") throw createPermanentError("the push has no device token to go to");
  return {
    token,
    title,
    body,
    isSilent: title === "" && body === "",
    data: { ...(isJsonObject(content.data) ? content.data : {}), knock_message_id: id },
    overrides: getPayloadOverrides(content),
  };
}

/** Returns what the device shows, without an empty title or body. */
export function buildNotification({ title, body }: Push): JsonObject {
  return { ...(title === "" ? {} : { title }), ...(body === "" ? {} : { body }) };
}
