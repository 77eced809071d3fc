// CROSS JOIN, here and elsewhere, keeps the join order as written: by row, or by an index of the messages.

/** Messages with their recipient runs. */
export const FROM_MESSAGES = "FROM messages m CROSS JOIN recipient_runs r ON r.row = m.recipient_run";
/** Messages with their recipient runs and workflow runs. */
export const FROM_MESSAGES_AND_RUNS = `${FROM_MESSAGES} CROSS JOIN workflow_runs w ON w.row = r.workflow_run`;
