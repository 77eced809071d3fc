import { buildLastPartition, PARTITIONED_TABLES } from "./partitions.js";
import { CLAIM, KEY, ROW, RUN_TABLES, XID } from "./run-tables.js";

const RECIPIENTS = `
  CREATE TABLE clock (
    row integer PRIMARY KEY CHECK (row = 1),
    offset_ms bigint NOT NULL,
    frozen_at bigint,
    ${CLAIM}
  );
  CREATE TABLE seeds (file ${KEY} PRIMARY KEY, digest text NOT NULL, applied_at bigint NOT NULL);
  CREATE TABLE secrets (name ${KEY} PRIMARY KEY, value text NOT NULL);

  CREATE TABLE recipients (
    ${ROW},
    key ${KEY} NOT NULL UNIQUE,
    properties text NOT NULL,
    preferences text,
    channel_data text,
    inserted_at bigint NOT NULL,
    updated_at bigint NOT NULL
  );
  CREATE INDEX recipients_by_collection ON recipients (split_part(key, '/', 1), row);
  CREATE INDEX recipients_except_users ON recipients (row) WHERE split_part(key, '/', 1) <> '$users';
  CREATE TABLE subscriptions (
    ${ROW},
    object ${KEY} NOT NULL,
    recipient ${KEY} NOT NULL,
    properties text NOT NULL,
    inserted_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (object, recipient)
  );
  CREATE INDEX subscriptions_in_order ON subscriptions (object, row);
  CREATE INDEX subscriptions_by_recipient ON subscriptions (recipient);

  CREATE TABLE audiences (key ${KEY} PRIMARY KEY, inserted_at bigint NOT NULL);
  CREATE TABLE audience_members (
    ${ROW},
    audience ${KEY} NOT NULL,
    recipient ${KEY} NOT NULL,
    tenant ${KEY} NOT NULL DEFAULT '',
    inserted_at bigint NOT NULL,
    UNIQUE (audience, recipient, tenant)
  );
  CREATE INDEX audience_members_in_order ON audience_members (audience, row);
  CREATE INDEX audience_members_by_recipient ON audience_members (recipient);

  CREATE TABLE user_changes (
    ${ROW},
    "user" ${KEY} NOT NULL,
    audience ${KEY},
    tenant ${KEY},
    "before" text,
    "after" text,
    at bigint NOT NULL,
    depth integer NOT NULL DEFAULT 0,
    ${XID},
    ${CLAIM}
  );
  CREATE INDEX user_changes_by_user ON user_changes ("user", row);`;

/** The rows that many others point to. They never change and are never deleted. */
const SHARED_ROWS = `
  CREATE TABLE workflow_versions (${ROW}, version_id ${KEY} NOT NULL UNIQUE, definition text NOT NULL);
  CREATE TABLE channels (
    ${ROW},
    id ${KEY} NOT NULL,
    key ${KEY} NOT NULL,
    type ${KEY} NOT NULL,
    provider ${KEY} NOT NULL,
    UNIQUE (id, key, type, provider)
  );
  CREATE TABLE template_sources (${ROW}, digest ${KEY} NOT NULL UNIQUE, texts text NOT NULL);`;

const MESSAGES = `
  CREATE TABLE messages (
    row bigint PRIMARY KEY,
    id ${KEY} NOT NULL,
    recipient_run bigint NOT NULL,
    recipient ${KEY} NOT NULL,
    shard smallint NOT NULL,
    channel bigint NOT NULL,
    step_ref ${KEY} NOT NULL,
    status ${KEY} NOT NULL,
    due_at bigint,
    ${CLAIM},
    scheduled_at bigint,
    attempts integer NOT NULL,
    seen_at bigint,
    read_at bigint,
    interacted_at bigint,
    link_clicked_at bigint,
    archived_at bigint,
    inserted_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    recipient_snapshot text,
    metadata text,
    data text,
    events text NOT NULL,
    content text NOT NULL,
    template_sources bigint,
    batch text,
    guide ${KEY},
    links text,
    ${XID}
  ) PARTITION BY RANGE (row);
  CREATE INDEX messages_by_recipient_run ON messages (recipient_run, row);
  CREATE INDEX messages_by_recipient ON messages (recipient, row);
  CREATE INDEX messages_due ON messages (due_at, row) WHERE due_at IS NOT NULL;
  CREATE INDEX messages_due_by_channel ON messages (channel, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX messages_by_guide ON messages (recipient, guide) WHERE guide IS NOT NULL;
  CREATE INDEX messages_by_short_link ON messages ("right"(id, 9)) WHERE links IS NOT NULL;

  CREATE TABLE message_secrets (message ${KEY} PRIMARY KEY, secrets text NOT NULL);
  CREATE SEQUENCE delivery_log_rows AS bigint;
  CREATE TABLE delivery_logs (
    row bigint NOT NULL DEFAULT nextval('delivery_log_rows'),
    message ${KEY} NOT NULL,
    id ${KEY} NOT NULL,
    service text NOT NULL,
    request text NOT NULL,
    response text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (row)
  ) PARTITION BY RANGE (row);
  CREATE INDEX delivery_logs_by_message ON delivery_logs (message, row);
  CREATE TABLE feed_counts (
    recipient ${KEY} NOT NULL,
    channel bigint NOT NULL,
    tenant ${KEY} NOT NULL,
    archived smallint NOT NULL,
    total integer NOT NULL,
    unread integer NOT NULL,
    unseen integer NOT NULL
  );
  CREATE INDEX feed_counts_by_recipient ON feed_counts (recipient);
  CREATE TABLE kept_feeds (recipient ${KEY} PRIMARY KEY, counted_after bigint);`;

const LOGS = `
  CREATE TABLE outbound_watch (
    row integer PRIMARY KEY CHECK (row = 1),
    holder ${KEY},
    held_until bigint NOT NULL,
    keep_until bigint NOT NULL
  );
  CREATE TABLE outbound_events (
    ${ROW},
    message ${KEY},
    recipient_run ${KEY},
    first integer,
    last integer,
    type text,
    at bigint,
    document text,
    position bigint
  );
  CREATE SEQUENCE outbound_positions AS bigint;
  CREATE UNIQUE INDEX outbound_events_in_order ON outbound_events (position);
  CREATE INDEX outbound_events_unread ON outbound_events (row) WHERE position IS NULL;
  CREATE TABLE outbound_taken (event bigint NOT NULL, webhook ${KEY} NOT NULL, PRIMARY KEY (event, webhook));
  CREATE TABLE source_events (
    ${ROW},
    id ${KEY} NOT NULL UNIQUE,
    source ${KEY} NOT NULL,
    event_type ${KEY},
    key ${KEY},
    state ${KEY} NOT NULL,
    at bigint NOT NULL,
    in_hand_until bigint NOT NULL,
    event text NOT NULL,
    actions text NOT NULL
  );
  CREATE INDEX source_events_by_key ON source_events (source, event_type, key) WHERE key IS NOT NULL;

  CREATE TABLE workers (
    id ${KEY} PRIMARY KEY,
    host text NOT NULL,
    pool_ids text[] NOT NULL,
    lock_key integer NOT NULL,
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL
  );`;

/** The first partitions. The last one of a table is open-ended, so that no insert depends on a job that creates the next. */
const PARTITIONS = PARTITIONED_TABLES.map((table) => `${buildLastPartition(table, 1)};`).join("\n");

/**
 * Adds the table of partitions. `began_at` is the store's time at which rows began to be added to a partition; null before. In a
 * store with rows, the first one began long ago.
 */
export const ADD_PARTITIONS = `
  CREATE TABLE partitions (number integer PRIMARY KEY, began_at bigint);
  INSERT INTO partitions (number, began_at) SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM workflow_runs) THEN 0 END`;

/**
 * Adds a table with a random mark. A crash of the server empties it, because nothing of it is logged. Afterwards, the server can
 * give the IDs of transactions again that it has lost.
 */
export const ADD_CRASH_MARK =
  "CREATE UNLOGGED TABLE crash_mark (row integer PRIMARY KEY CHECK (row = 1), mark uuid NOT NULL)";

/**
 * Adds the table of jobs that run later. Equal ones are allowed, because a unique key would make transactions wait for each other.
 */
export const ADD_DELAYED_JOBS = `
  CREATE TABLE delayed_jobs (
    run_at bigint NOT NULL,
    task text NOT NULL,
    priority smallint NOT NULL,
    payload text NOT NULL,
    flags text NOT NULL
  );
  CREATE INDEX delayed_jobs_due ON delayed_jobs (run_at)`;

/** Adds the oldest version of knock that can use the store, as the number of migrations that it knows. */
export const ADD_OLDEST_VERSION = "ALTER TABLE knock_store ADD COLUMN oldest_version integer NOT NULL DEFAULT 1";

/** Adds the table that counts how often workers ended that did the work of a due row. */
export const ADD_CRASHED_CLAIMS = `
  CREATE TABLE crashed_claims (
    kind text NOT NULL,
    row bigint NOT NULL,
    count integer NOT NULL,
    token text,
    PRIMARY KEY (kind, row)
  )`;

/** Adds the deaths of processes that did only one row, and the time of the last death that counted. */
export const ADD_DEATHS_ALONE = `
  ALTER TABLE crashed_claims ADD COLUMN deaths_alone integer NOT NULL DEFAULT 0;
  ALTER TABLE crashed_claims ADD COLUMN counted_at bigint NOT NULL DEFAULT 0`;

/** Adds indexes for lists of schedules and for deleting a recipient, which would read whole tables. */
export const ADD_INDEXES = `
  CREATE INDEX schedules_by_workflow ON schedules (workflow, row);
  CREATE INDEX frequency_claims_by_recipient ON frequency_claims (recipient)`;

/** Adds the stamps of recipients files, by which commands find out that a file has not changed. */
export const ADD_STAMPS = "ALTER TABLE seeds ADD COLUMN stamp text";

/** Adds indexes for lists by time, by engagement that few messages have, and of runs with errors. */
export const ADD_LIST_INDEXES = `
  CREATE INDEX messages_by_time ON messages (inserted_at, row);
  CREATE INDEX recipient_runs_by_time ON recipient_runs (inserted_at, row);
  CREATE INDEX messages_interacted ON messages (row) WHERE interacted_at IS NOT NULL;
  CREATE INDEX messages_clicked ON messages (row) WHERE link_clicked_at IS NOT NULL;
  CREATE INDEX messages_archived ON messages (row) WHERE archived_at IS NOT NULL;
  CREATE INDEX recipient_runs_with_errors ON recipient_runs (row) WHERE error_count > 0`;

/**
 * Adds an index of the runs that continue. Lists by their statuses would otherwise read every block in which a run once waited. All
 * these statuses come after the others, so that a range of them can be compared.
 */
export const ADD_UNFINISHED_INDEX =
  "CREATE INDEX recipient_runs_unfinished ON recipient_runs (status, row) WHERE status >= 'p'";

/**
 * Adds the recipients without a run that the chunks of a fan-out found, each chunk in a row of its own. A list in the row of the trigger
 * was written again with each chunk. Older versions still append to that list.
 */
export const ADD_UNIDENTIFIED_RECIPIENTS = `
  CREATE TABLE unidentified_recipients (${ROW}, workflow_run bigint NOT NULL, recipients text NOT NULL);
  CREATE INDEX unidentified_recipients_by_workflow_run ON unidentified_recipients (workflow_run, row)`;

/** Adds the row to the index of the subscriptions of a recipient, without which lists read those of all. */
export const EXTEND_SUBSCRIPTIONS_INDEX = `
  CREATE INDEX subscriptions_of_recipient ON subscriptions (recipient, row);
  DROP INDEX subscriptions_by_recipient`;

/** Names the run that waits for a batch, and the claims of webhooks and source events. */
export const RENAME_CLAIMS = `
  ALTER TABLE batches RENAME COLUMN holder TO waiting_run;
  ALTER TABLE outbound_watch RENAME COLUMN holder TO claim_token;
  ALTER TABLE outbound_watch RENAME COLUMN held_until TO claim_until;
  ALTER TABLE source_events RENAME COLUMN in_hand_until TO claim_until;
  UPDATE source_events SET state = 'processing' WHERE state = 'in_hand'`;

/** Adds what the servers of the API share. Counts may be lost in a crash of the database, so they are not in its log. */
export const ADD_SERVER_STATE = `
  CREATE TABLE kept_results (id ${KEY} PRIMARY KEY, value text NOT NULL, kept_at bigint NOT NULL);
  CREATE INDEX kept_results_by_time ON kept_results (kept_at);
  CREATE UNLOGGED TABLE call_counts (key ${KEY} PRIMARY KEY, second bigint NOT NULL, calls integer NOT NULL)
    WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`;

/** Adds servers to the workers, and the digest of the project that each process runs. It is null for older versions. */
export const ADD_PROJECTS = `
  ALTER TABLE workers ADD COLUMN kind text NOT NULL DEFAULT 'worker';
  ALTER TABLE workers ADD COLUMN pid integer;
  ALTER TABLE workers ADD COLUMN project text`;

/** Adds the names of what the project of each process has. */
export const ADD_PROJECT_NAMES = `ALTER TABLE workers ADD COLUMN names text[] NOT NULL DEFAULT '{}'`;

/** Adds what set each preference of a recipient, and when. */
export const ADD_PREFERENCE_ORIGINS = "ALTER TABLE recipients ADD COLUMN preference_origins text";

/** The tables of the first version. */
export const FIRST_TABLES = [RECIPIENTS, SHARED_ROWS, RUN_TABLES, MESSAGES, LOGS, PARTITIONS].join("\n");
