/** "knoc" in the header of every store, which distinguishes our files from those of other programs. Never change it. */
export const APPLICATION_ID = 0x6b6e6f63;

/**
 * Creates the tables of a new store. The reasons for them are in docs/decisions/0002-sqlite-rows-and-transactions.md. A change
 * also needs an update of existing stores in `migrations.ts`.
 */
export const CREATE_TABLES = `
CREATE TABLE clock (
  row INTEGER PRIMARY KEY CHECK (row = 1),
  offset_ms INTEGER NOT NULL,
  frozen_at INTEGER,
  claim_token TEXT, claim_until INTEGER
);

CREATE TABLE seeds (file TEXT PRIMARY KEY, digest TEXT NOT NULL, applied_at INTEGER NOT NULL, stamp TEXT) WITHOUT ROWID;
CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE recipients (
  row INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  properties TEXT NOT NULL,
  preferences TEXT,
  channel_data TEXT,
  inserted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  preference_origins TEXT
);
CREATE INDEX recipients_by_collection ON recipients (substr(key, 1, instr(key, '/') - 1));
CREATE INDEX recipients_except_users ON recipients (row) WHERE substr(key, 1, instr(key, '/') - 1) <> '$users';

CREATE TABLE subscriptions (
  row INTEGER PRIMARY KEY,
  object TEXT NOT NULL,
  recipient TEXT NOT NULL,
  properties TEXT NOT NULL,
  inserted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (object, recipient)
);
CREATE INDEX subscriptions_in_order ON subscriptions (object, row);
CREATE INDEX subscriptions_by_recipient ON subscriptions (recipient);

CREATE TABLE audiences (key TEXT PRIMARY KEY, inserted_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE audience_members (
  row INTEGER PRIMARY KEY,
  audience TEXT NOT NULL,
  recipient TEXT NOT NULL,
  tenant TEXT NOT NULL DEFAULT '',
  inserted_at INTEGER NOT NULL,
  UNIQUE (audience, recipient, tenant)
);
CREATE INDEX audience_members_by_recipient ON audience_members (recipient);
CREATE INDEX audience_members_in_order ON audience_members (audience, row);

CREATE TABLE workflow_versions (row INTEGER PRIMARY KEY, version_id TEXT NOT NULL UNIQUE, definition TEXT NOT NULL);

CREATE TABLE channels (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  type TEXT NOT NULL,
  provider TEXT NOT NULL,
  UNIQUE (id, key, type, provider)
);

CREATE TABLE names (row INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

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
  inserted_at INTEGER NOT NULL,
  fan_out TEXT,
  due_at INTEGER,
  claim_token TEXT, claim_until INTEGER,
  guide INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX workflow_runs_by_cancellation ON workflow_runs (workflow, cancellation_key) WHERE cancellation_key IS NOT NULL;
CREATE INDEX workflow_runs_due ON workflow_runs (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE recipient_runs (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  workflow_run INTEGER NOT NULL REFERENCES workflow_runs (row),
  recipient TEXT NOT NULL,
  status TEXT NOT NULL,
  due_at INTEGER,
  claim_token TEXT, claim_until INTEGER,
  position TEXT,
  data TEXT,
  via TEXT,
  reason TEXT,
  error_count INTEGER NOT NULL,
  inserted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  steps TEXT NOT NULL,
  events TEXT NOT NULL,
  batch INTEGER REFERENCES batches (row),
  version INTEGER REFERENCES workflow_versions (row),
  workflow_name INTEGER REFERENCES names (row),
  tenant_name INTEGER REFERENCES names (row)
);
CREATE INDEX recipient_runs_by_workflow_run ON recipient_runs (workflow_run);
CREATE INDEX recipient_runs_due ON recipient_runs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recipient_runs_by_id ON recipient_runs (row >> 11, substr(id, 1, 6));
CREATE INDEX recipient_runs_by_recipient ON recipient_runs (row >> 11, recipient);
CREATE INDEX recipient_runs_for_lists ON recipient_runs (
  row, workflow_name, tenant_name, status, error_count, inserted_at
);

CREATE TABLE frequency_claims (
  workflow TEXT NOT NULL,
  recipient TEXT NOT NULL,
  tenant TEXT NOT NULL,
  PRIMARY KEY (workflow, recipient, tenant)
) WITHOUT ROWID;
CREATE INDEX frequency_claims_by_recipient ON frequency_claims (recipient);

CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  workflow_run_id TEXT NOT NULL,
  inserted_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE messages (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  recipient_run INTEGER NOT NULL REFERENCES recipient_runs (row),
  recipient TEXT NOT NULL,
  channel INTEGER NOT NULL REFERENCES channels (row),
  step_ref TEXT NOT NULL,
  status TEXT NOT NULL,
  due_at INTEGER,
  claim_token TEXT, claim_until INTEGER,
  scheduled_at INTEGER,
  attempts INTEGER NOT NULL,
  seen_at INTEGER, read_at INTEGER,
  interacted_at INTEGER, link_clicked_at INTEGER,
  archived_at INTEGER,
  inserted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  recipient_snapshot TEXT,
  metadata TEXT,
  data TEXT,
  events TEXT NOT NULL,
  content TEXT NOT NULL,
  batch TEXT,
  guide TEXT,
  links TEXT,
  template_sources INTEGER REFERENCES template_sources (row),
  workflow_name INTEGER REFERENCES names (row),
  tenant_name INTEGER REFERENCES names (row)
);
CREATE INDEX messages_by_recipient_run ON messages (recipient_run);
CREATE INDEX messages_by_recipient ON messages (
  recipient, row, channel, status, archived_at, read_at, seen_at, tenant_name, workflow_name, inserted_at, interacted_at, link_clicked_at
);
CREATE INDEX messages_due ON messages (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX messages_by_guide ON messages (recipient, guide) WHERE guide IS NOT NULL;
CREATE INDEX messages_by_short_link ON messages (substr(id, -9)) WHERE links IS NOT NULL;
CREATE INDEX messages_for_lists ON messages (
  row, workflow_name, tenant_name, channel, status, inserted_at, interacted_at, link_clicked_at, archived_at
);

CREATE TABLE template_sources (row INTEGER PRIMARY KEY, texts TEXT NOT NULL UNIQUE);
CREATE TABLE message_secrets (message TEXT PRIMARY KEY, secrets TEXT NOT NULL) WITHOUT ROWID;
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

CREATE TABLE batches (
  row INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  open INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  closes_at INTEGER NOT NULL,
  waiting_run INTEGER REFERENCES recipient_runs (row),
  items INTEGER NOT NULL
);
CREATE UNIQUE INDEX batches_open ON batches (key) WHERE open = 1;

CREATE TABLE batch_activities (
  row INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL REFERENCES batches (row),
  recipient_run INTEGER NOT NULL REFERENCES recipient_runs (row),
  actor TEXT,
  data TEXT NOT NULL,
  at INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX batch_activities_by_batch ON batch_activities (batch);
CREATE INDEX batch_activities_by_run ON batch_activities (recipient_run);

CREATE TABLE throttles (key TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, passes INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE throttle_passes (
  key TEXT NOT NULL,
  recipient_run_id TEXT NOT NULL,
  passed INTEGER NOT NULL,
  PRIMARY KEY (key, recipient_run_id)
) WITHOUT ROWID;

CREATE TABLE schedules (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  recipient TEXT NOT NULL,
  actor TEXT,
  tenant TEXT,
  data TEXT,
  repeats TEXT NOT NULL,
  scheduled_at INTEGER,
  ending_at INTEGER,
  due_at INTEGER,
  claim_token TEXT, claim_until INTEGER,
  last_occurrence_at INTEGER,
  inserted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_by_recipient ON schedules (recipient);
CREATE INDEX schedules_by_workflow ON schedules (workflow);

CREATE TABLE waits (
  recipient_run INTEGER PRIMARY KEY REFERENCES recipient_runs (row),
  awaited TEXT NOT NULL,
  recipient TEXT,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
);
CREATE INDEX waits_by_event ON waits (awaited, recipient);

CREATE TABLE signals (
  row INTEGER PRIMARY KEY,
  recipient_run INTEGER NOT NULL REFERENCES recipient_runs (row),
  event TEXT NOT NULL
);
CREATE INDEX signals_by_run ON signals (recipient_run);

CREATE TABLE user_changes (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  user TEXT NOT NULL,
  audience TEXT,
  tenant TEXT,
  "before" TEXT,
  "after" TEXT,
  at INTEGER NOT NULL,
  depth INTEGER NOT NULL DEFAULT 0,
  claim_token TEXT, claim_until INTEGER
);
CREATE INDEX user_changes_by_user ON user_changes (user);

CREATE TABLE crashed_claims (
  kind TEXT NOT NULL,
  row INTEGER NOT NULL,
  count INTEGER NOT NULL,
  token TEXT,
  deaths_alone INTEGER NOT NULL DEFAULT 0,
  counted_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, row)
) WITHOUT ROWID;
`;
