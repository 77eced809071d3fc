import { hasTrait } from "../../../domain/message/channel-types.js";
import { selectRetainedSecrets } from "../../../domain/message/delivery-secrets.js";
import type { Message } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import type { Reader, Transaction } from "../connection/transaction.js";

// Secrets are not in `messages`, so that code that reads or copies messages cannot expose them.

/** Stores the secrets of new messages. */
export async function insertSecrets(tx: Transaction, messages: readonly Message[]): Promise<void> {
  const rows = messages.flatMap(({ id, secrets }) => (secrets ? [[id, stringify(secrets)]] : []));
  if (rows.length > 0) await tx.copy("message_secrets", ["message", "secrets"], rows);
}

/** Returns the messages with the secrets that their deliveries need. Messages without secrets are unchanged. */
export async function addSecrets(tx: Reader, messages: Message[]): Promise<Message[]> {
  const ids = messages.filter(({ channel }) => hasTrait(channel.type, "hasSecrets")).map(({ id }) => id);
  if (ids.length === 0) return messages;
  const rows = await tx.all<{ message: string; secrets: string }>(
    "SELECT message, secrets FROM message_secrets WHERE message = ANY($1::text[])",
    ids,
  );
  const found = new Map(rows.map(({ message, secrets }) => [message, secrets]));
  return messages.map((message) => {
    const secrets = found.get(message.id);
    return secrets === undefined ? message : { ...message, secrets: JSON.parse(secrets) as JsonObject };
  });
}

/** Stores the secrets that remain after delivery attempts. */
export async function saveSecrets(tx: Transaction, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const { id, secrets } = message;
    if (secrets === undefined) continue;
    const remaining = selectRetainedSecrets(message);
    if (remaining === null) await tx.run("DELETE FROM message_secrets WHERE message = $1", id);
    else if (remaining !== secrets)
      await tx.run("UPDATE message_secrets SET secrets = $1 WHERE message = $2", stringify(remaining), id);
  }
}
