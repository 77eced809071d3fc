import { hasTrait } from "../../../domain/message/channel-types.js";
import { selectRetainedSecrets } from "../../../domain/message/delivery-secrets.js";
import type { Message } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import type { Connection } from "../connection/connection.js";

/** Stores a new message's secrets. Must run inside the transaction that inserts the message. */
export function insertSecrets(db: Connection, { id, secrets }: Message): void {
  if (secrets) db.run("INSERT INTO message_secrets (message, secrets) VALUES (?, ?)", id, stringify(secrets));
}

/** Returns the messages with the secrets that their deliveries need. Messages without secrets are unchanged. */
export function addSecrets(db: Connection, messages: Message[]): Message[] {
  const select = db.prepare("SELECT secrets FROM message_secrets WHERE message = ?");
  return messages.map((message) => {
    const found = hasTrait(message.channel.type, "hasSecrets")
      ? (select.get(message.id) as { secrets: string } | undefined)
      : undefined;
    return found === undefined ? message : { ...message, secrets: JSON.parse(found.secrets) as JsonObject };
  });
}

/** Stores the secrets that remain after a delivery attempt. Must run inside the transaction that saves the message. */
export function saveSecrets(db: Connection, message: Message): void {
  const { id, secrets } = message;
  if (secrets === undefined) return;
  const remainingSecrets = selectRetainedSecrets(message);
  if (remainingSecrets === null) db.run("DELETE FROM message_secrets WHERE message = ?", id);
  else if (remainingSecrets !== secrets)
    db.run("UPDATE message_secrets SET secrets = ? WHERE message = ?", stringify(remainingSecrets), id);
}
