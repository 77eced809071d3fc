import { PostgresRecipients } from "./postgres-recipients.js";

/** Messages, feeds and guides in a PostgreSQL store. */
export class PostgresMessages extends PostgresRecipients {}
