/** "knoc", in the header of every store: tells our files from other programs'. Never change it. */
export const APPLICATION_ID = 0x6b6e6f63;

/**
 * Run once each, in order; `user_version` counts them. Append only: a migration that has been released never changes.
 * Why the tables are as they are: docs/decisions/0002-sqlite-store.md.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE clock (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    offset_ms INTEGER NOT NULL,
    frozen_at INTEGER
  );

  CREATE TABLE seeds (
    file TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE recipients (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    properties TEXT NOT NULL,
    preferences TEXT,
    channel_data TEXT,
    inserted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );

  CREATE TABLE subscriptions (
    row INTEGER PRIMARY KEY,
    object TEXT NOT NULL,
    recipient TEXT NOT NULL,
    properties TEXT NOT NULL,
    inserted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (object, recipient)
  );

  CREATE TABLE audience_members (
    audience TEXT NOT NULL,
    recipient TEXT NOT NULL,
    tenant TEXT NOT NULL DEFAULT '',
    inserted_at INTEGER NOT NULL,
    PRIMARY KEY (audience, recipient, tenant)
  ) WITHOUT ROWID;

  CREATE TABLE workflow_versions (
    row INTEGER PRIMARY KEY,
    version_id TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL
  );

  CREATE TABLE channels (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    provider TEXT NOT NULL,
    UNIQUE (id, key, type, provider)
  );

  CREATE TABLE workflow_runs (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES workflow_versions (row),
    actor TEXT,
    tenant TEXT,
    data TEXT NOT NULL,
    cancellation_key TEXT,
    settings TEXT NOT NULL,
    trigger_source TEXT NOT NULL,
    unidentified TEXT,
    inserted_at INTEGER NOT NULL
  );
  CREATE INDEX workflow_runs_by_cancellation ON workflow_runs (workflow, cancellation_key) WHERE cancellation_key IS NOT NULL;

  CREATE TABLE recipient_runs (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
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
    events TEXT NOT NULL
  );
  CREATE INDEX recipient_runs_by_workflow_run ON recipient_runs (workflow_run);
  CREATE INDEX recipient_runs_due ON recipient_runs (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE messages (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    recipient_run INTEGER NOT NULL REFERENCES recipient_runs (row),
    recipient TEXT NOT NULL,
    channel INTEGER NOT NULL REFERENCES channels (row),
    step_ref TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at INTEGER,
    claim_token TEXT,
    claim_until INTEGER,
    scheduled_at INTEGER,
    attempts INTEGER NOT NULL,
    seen_at INTEGER,
    read_at INTEGER,
    interacted_at INTEGER,
    link_clicked_at INTEGER,
    archived_at INTEGER,
    inserted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    recipient_snapshot TEXT,
    metadata TEXT,
    data TEXT,
    events TEXT NOT NULL,
    content TEXT NOT NULL
  );
  CREATE INDEX messages_by_recipient_run ON messages (recipient_run);
  CREATE INDEX messages_by_recipient ON messages (recipient);
  CREATE INDEX messages_due ON messages (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    workflow_run_id TEXT NOT NULL,
    inserted_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE frequency_claims (
    workflow TEXT NOT NULL,
    recipient TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (workflow, recipient, tenant)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE workflow_runs ADD COLUMN fan_out TEXT;
  ALTER TABLE workflow_runs ADD COLUMN due_at INTEGER;
  ALTER TABLE workflow_runs ADD COLUMN claim_token TEXT;
  ALTER TABLE workflow_runs ADD COLUMN claim_until INTEGER;
  CREATE INDEX workflow_runs_due ON workflow_runs (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX subscriptions_in_order ON subscriptions (object, row);
  `,
];
