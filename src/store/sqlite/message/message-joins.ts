// CROSS JOIN, here and elsewhere, keeps the join order as written: by row, or by an index of the messages.

/** Messages with their recipient runs. */
export const FROM_MESSAGES = "FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run";

/**
 * Returns messages `i` in the order of an index, with their rows `m` and runs. Conditions compare the columns of `i`, so that only
 * the rows of messages that match are read. SQLite chooses the index if none is given.
 */
export const buildFromIndex = (index?: string): string =>
  `FROM messages i ${index === undefined ? "" : `INDEXED BY ${index} `}CROSS JOIN messages m ON m.row = i.row ` +
  "CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run";
