import type { Message } from "../domain/message/message.js";
import { splitKey, USERS } from "../domain/recipient/recipient.js";

/** The recipient as providers are told it: a user's id, or an object's collection and id (CH-082). */
export function recipientId({ recipient }: Message): string {
  const { collection, id } = splitKey(recipient);
  return collection === USERS ? id : `${collection}/${id}`;
}
