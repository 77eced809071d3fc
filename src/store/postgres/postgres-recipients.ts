import type { Connection } from "./connection/connection.js";

/** Recipients, subscriptions and audiences in a PostgreSQL store. */
export class PostgresRecipients {
  constructor(readonly db: Connection) {}
}
