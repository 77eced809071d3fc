/** Records which blocks contain which values of the columns of `RowBlocks`, for rows that were inserted without it. */
export const FILL_ROW_BLOCKS = `
  INSERT INTO row_blocks SELECT DISTINCT 'messages.status', status, row >> 8 FROM messages;
  INSERT INTO row_blocks SELECT DISTINCT 'messages.channel', CAST(channel AS TEXT), row >> 8 FROM messages;
  INSERT INTO row_blocks SELECT DISTINCT 'messages.workflow', w.workflow, m.row >> 8 FROM messages m
    CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run;
  INSERT INTO row_blocks SELECT DISTINCT 'messages.tenant', w.tenant, m.row >> 8 FROM messages m
    CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.tenant IS NOT NULL;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.status', status, row >> 8 FROM recipient_runs;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.workflow', w.workflow, r.row >> 8 FROM recipient_runs r
    CROSS JOIN workflow_runs w ON w.row = r.workflow_run;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.tenant', w.tenant, r.row >> 8 FROM recipient_runs r
    CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.tenant IS NOT NULL;
`;

/** Deletes the blocks of values that `RowBlocks` no longer records, and adds those of a new column. */
export const CORRECT_ROW_BLOCKS = `
  DELETE FROM row_blocks WHERE name = 'messages.status' AND value IN ('queued', 'delivery_attempted');
  DELETE FROM row_blocks WHERE name = 'runs.status' AND value IN ('queued', 'processing', 'paused');
  INSERT OR IGNORE INTO row_blocks SELECT DISTINCT 'runs.errors', 'some', row >> 8 FROM recipient_runs WHERE error_count > 0;
`;

/** Records the blocks of messages with an engagement, and the times of all blocks but the last, as `RowBlocks` does. */
export const FILL_NEWER_BLOCKS = `
  INSERT OR IGNORE INTO row_blocks
    SELECT DISTINCT 'messages.engagement', e.value, m.row >> 8 FROM messages m
      CROSS JOIN json_each('["interacted","link_clicked","archived"]') e
    WHERE CASE e.value WHEN 'interacted' THEN m.interacted_at WHEN 'link_clicked' THEN m.link_clicked_at ELSE m.archived_at END IS NOT NULL;
  INSERT OR REPLACE INTO block_times
    SELECT 'messages', row >> 8, MIN(inserted_at), MAX(inserted_at) FROM messages GROUP BY row >> 8;
  INSERT OR REPLACE INTO block_times
    SELECT 'recipient_runs', row >> 8, MIN(inserted_at), MAX(inserted_at) FROM recipient_runs GROUP BY row >> 8;
`;

/** Counts the feeds with so many messages that `feed-counts.ts` keeps their counts. */
export const FILL_FEED_COUNTS = `
  INSERT INTO feed_counts
    SELECT recipient, 0, '', 0, 0, 0, 0 FROM messages GROUP BY recipient HAVING COUNT(*) >= 1000;
  INSERT INTO feed_counts
    SELECT m.recipient, m.channel, COALESCE(w.tenant, ''), m.archived_at IS NOT NULL, COUNT(*), COUNT(*) - COUNT(m.read_at),
      COUNT(*) - COUNT(m.seen_at)
    FROM feed_counts c CROSS JOIN messages m ON m.recipient = c.recipient CROSS JOIN recipient_runs r ON r.row = m.recipient_run
      CROSS JOIN workflow_runs w ON w.row = r.workflow_run
    WHERE m.channel IN (SELECT row FROM channels WHERE type = 'in_app_feed') AND m.status = 'delivered' GROUP BY 1, 2, 3, 4;
`;

/** The migrations from the eighth on. `MIGRATIONS` documents how they run. Append only, as there. */
export const LATER_MIGRATIONS: readonly string[] = [
  `
  ALTER TABLE workflow_runs ADD COLUMN guide INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN guide TEXT;
  CREATE INDEX messages_by_guide ON messages (recipient, guide) WHERE guide IS NOT NULL;
  `,
  `
  CREATE TABLE delivery_logs (
    row INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    id TEXT NOT NULL,
    service TEXT NOT NULL,
    request TEXT NOT NULL,
    response TEXT NOT NULL,
    at INTEGER NOT NULL
  );
  CREATE INDEX delivery_logs_by_message ON delivery_logs (message);
  `,
  `
  ALTER TABLE user_changes ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE messages ADD COLUMN links TEXT;
  CREATE INDEX messages_by_short_link ON messages (substr(id, -9)) WHERE links IS NOT NULL;
  `,
  // Ids of recipient runs are as good as random: in a large store, an index of whole ids writes a separate page for each run.
  `
  CREATE TABLE new_recipient_runs (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    workflow_run INTEGER NOT NULL REFERENCES workflow_runs (row),
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at INTEGER,
    claim_token TEXT,
    claim_until INTEGER,
    position TEXT,
    data TEXT,
    via TEXT,
    reason TEXT,
    error_count INTEGER NOT NULL,
    inserted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    steps TEXT NOT NULL,
    events TEXT NOT NULL,
    batch INTEGER REFERENCES batches (row),
    version INTEGER REFERENCES workflow_versions (row)
  );
  INSERT INTO new_recipient_runs SELECT row, id, workflow_run, recipient, status, due_at, claim_token, claim_until, position, data,
    via, reason, error_count, inserted_at, updated_at, steps, events, batch, version FROM recipient_runs;
  DROP TRIGGER IF EXISTS outbound_run_started;
  DROP TRIGGER IF EXISTS outbound_run_changed;
  DROP TABLE recipient_runs;
  ALTER TABLE new_recipient_runs RENAME TO recipient_runs;
  CREATE INDEX recipient_runs_by_id ON recipient_runs (substr(id, 1, 6));
  CREATE INDEX recipient_runs_by_workflow_run ON recipient_runs (workflow_run);
  CREATE INDEX recipient_runs_due ON recipient_runs (due_at) WHERE due_at IS NOT NULL;
  `,
  // Even so, each run's entry was on a separate page in a large store. Within blocks of rows, the newest pages take all
  // entries.
  `
  DROP INDEX recipient_runs_by_id;
  CREATE INDEX recipient_runs_by_id ON recipient_runs (row >> 11, substr(id, 1, 6));
  `,
  // Each activity of a batch points to the previous one. With an index by batch, each activity of a trigger was on a
  // separate page.
  `
  ALTER TABLE batches ADD COLUMN newest INTEGER REFERENCES batch_activities (row);
  ALTER TABLE batch_activities ADD COLUMN previous INTEGER REFERENCES batch_activities (row);
  UPDATE batches SET newest = (SELECT MAX(row) FROM batch_activities WHERE batch = batches.row);
  UPDATE batch_activities SET previous =
    (SELECT MAX(b.row) FROM batch_activities b WHERE b.batch = batch_activities.batch AND b.row < batch_activities.row);
  DROP INDEX batch_activities_by_batch;
  `,
  // Secrets are not in `messages`, so that code that reads or copies messages cannot expose them.
  `
  CREATE TABLE message_secrets (message TEXT PRIMARY KEY, secrets TEXT NOT NULL) WITHOUT ROWID;
  `,
  // The process that moves the clock holds a lease, so that moves by several processes add up.
  `
  ALTER TABLE clock ADD COLUMN claim_token TEXT;
  ALTER TABLE clock ADD COLUMN claim_until INTEGER;
  `,
  // Keys for links that must still open after a restart.
  `
  CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
  // Closing a batch of 10,000 activities took 42 ms, because all of them were read to find the first and to count the actors.
  // Only batches with more activities than a step renders have a value in `hundredth` and rows in `batch_actors`.
  `
  ALTER TABLE batches ADD COLUMN hundredth INTEGER REFERENCES batch_activities (row);
  CREATE TABLE batch_actors (
    batch INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (batch, actor)
  ) WITHOUT ROWID;
  `,
  // Feed messages of one step share the sources of its template. Messages from before have their own copy in `content`.
  `
  CREATE TABLE template_sources (row INTEGER PRIMARY KEY, texts TEXT NOT NULL UNIQUE);
  ALTER TABLE messages ADD COLUMN template_sources INTEGER REFERENCES template_sources (row);
  `,
  // Lists by recipient, status, channel, workflow and tenant scanned the whole table. `RowBlocks` documents `row_blocks`. The
  // index by recipient is in blocks for the reason of the index by id.
  `
  CREATE TABLE row_blocks (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (name, value, block)
  ) WITHOUT ROWID;
  ${FILL_ROW_BLOCKS}
  CREATE INDEX recipient_runs_by_recipient ON recipient_runs (row >> 11, recipient);
  `,
  // `feed-counts.ts` documents the table. Large feeds of before are counted here, and not when they are read.
  `
  CREATE TABLE feed_counts (
    recipient TEXT NOT NULL,
    channel INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    archived INTEGER NOT NULL,
    total INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    unseen INTEGER NOT NULL,
    PRIMARY KEY (recipient, channel, tenant, archived)
  ) WITHOUT ROWID;
  ${FILL_FEED_COUNTS}
  `,
  // Several processes follow the changes of different users, each the changes of one user in order.
  `
  ALTER TABLE user_changes ADD COLUMN claim_token TEXT;
  ALTER TABLE user_changes ADD COLUMN claim_until INTEGER;
  CREATE INDEX user_changes_by_user ON user_changes (user);
  `,
  // Lists by a status that rows have only for a while read each block that ever had it (`PASSING_VALUES` documents the indexes),
  // and lists of runs with errors read all runs.
  `
  CREATE INDEX messages_passing ON messages (status) WHERE status IN ('queued', 'delivery_attempted');
  CREATE INDEX recipient_runs_passing ON recipient_runs (status) WHERE status IN ('queued', 'processing', 'paused');
  ${CORRECT_ROW_BLOCKS}
  `,
  // Counts how often processes ended that held the claim of a due row.
  `
  CREATE TABLE crashed_claims (
    kind TEXT NOT NULL,
    row INTEGER NOT NULL,
    count INTEGER NOT NULL,
    token TEXT,
    PRIMARY KEY (kind, row)
  ) WITHOUT ROWID;
  `,
  // Lists of recipients, members and schedules, lists by time and by engagement, and deleting a user read whole tables.
  `
  CREATE INDEX recipients_by_collection ON recipients (substr(key, 1, instr(key, '/') - 1));
  CREATE INDEX recipients_except_users ON recipients (row) WHERE substr(key, 1, instr(key, '/') - 1) <> '$users';
  CREATE INDEX audience_members_in_order ON audience_members (audience, row);
  CREATE INDEX schedules_by_workflow ON schedules (workflow);
  CREATE INDEX frequency_claims_by_recipient ON frequency_claims (recipient);
  CREATE TABLE block_times (
    name TEXT NOT NULL,
    block INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (name, block)
  ) WITHOUT ROWID;
  ${FILL_NEWER_BLOCKS}
  `,
  // Each command read and hashed large recipients files.
  "ALTER TABLE seeds ADD COLUMN stamp TEXT",
];
