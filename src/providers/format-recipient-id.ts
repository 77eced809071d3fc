import type { Message } from "../domain/message/message.js";
import { splitRecipientKey, USERS } from "../domain/recipient/recipient.js";

/** Returns the recipient as providers receive it: a user's id, or an object's collection and id (CH-082). */
export function formatRecipientId({ recipient }: Message): string {
  const { collection, id } = splitRecipientKey(recipient);
  return collection === USERS ? id : `${collection}/${id}`;
}
