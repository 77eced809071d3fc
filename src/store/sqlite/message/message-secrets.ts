import type { Message } from "../../../domain/message/message.js";
import type { JsonObject } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";

/** Within the transaction that makes the message. */
export function insertSecrets(db: Connection, { id, secrets }: Message): void {
  if (secrets) db.run("INSERT INTO message_secrets (message, secrets) VALUES (?, ?)", id, JSON.stringify(secrets));
}

/** Only these channels' templates and settings may hold some. */
const TYPES: ReadonlySet<string> = new Set(["chat", "http"]);

/** The messages with what their deliveries need; those without come back as they are. */
export function withSecrets(db: Connection, messages: Message[]): Message[] {
  const select = db.statement("SELECT secrets FROM message_secrets WHERE message = ?");
  return messages.map((message) => {
    const found = TYPES.has(message.channel.type)
      ? (select.get(message.id) as { secrets: string } | undefined)
      : undefined;
    return found === undefined ? message : { ...message, secrets: JSON.parse(found.secrets) as JsonObject };
  });
}

/**
 * Of a message that is not to be sent any more nothing is kept; of one that was given up, that there were some: retried by hand
 * (E-213), it must not go out with other secrets instead.
 */
export function dropSecrets(db: Connection, { id, secrets, status }: Message): void {
  if (secrets === undefined || status === "queued") return;
  if (status === "undelivered") db.run("UPDATE message_secrets SET secrets = '{}' WHERE message = ?", id);
  else db.run("DELETE FROM message_secrets WHERE message = ?", id);
}
