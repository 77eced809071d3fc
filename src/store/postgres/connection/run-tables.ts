import { CLAIM, KEY, ROW, XID } from "./columns.js";

// Recipient runs and messages are numbered by `allocate-rows.ts`, so that COPY knows their rows before.
export const RUN_TABLES = `
  CREATE SEQUENCE row_blocks AS bigint;
  CREATE SEQUENCE store_clears AS bigint;
  CREATE TABLE block_values (name smallint NOT NULL, value ${KEY} NOT NULL, block bigint NOT NULL);
  CREATE INDEX block_values_in_order ON block_values (name, value, block);

  CREATE TABLE workflow_runs (
    ${ROW},
    id ${KEY} NOT NULL UNIQUE,
    workflow ${KEY} NOT NULL,
    version bigint NOT NULL,
    actor ${KEY},
    tenant ${KEY},
    data text NOT NULL,
    cancellation_key ${KEY},
    settings text NOT NULL,
    trigger_source text NOT NULL,
    unidentified text,
    inserted_at bigint NOT NULL,
    fan_out text,
    due_at bigint,
    ${CLAIM},
    guide smallint NOT NULL DEFAULT 0
  );
  CREATE INDEX workflow_runs_by_cancellation ON workflow_runs (workflow, cancellation_key)
    WHERE cancellation_key IS NOT NULL;
  CREATE INDEX workflow_runs_of_broadcasts ON workflow_runs (workflow) WHERE trigger_source LIKE '{"type":"broadcast"%';
  CREATE INDEX workflow_runs_due ON workflow_runs (due_at, row) WHERE due_at IS NOT NULL;

  CREATE TABLE recipient_runs (
    row bigint PRIMARY KEY,
    id ${KEY} NOT NULL,
    workflow_run bigint NOT NULL,
    recipient ${KEY} NOT NULL,
    shard smallint NOT NULL,
    status ${KEY} NOT NULL,
    due_at bigint,
    ${CLAIM},
    revision integer NOT NULL DEFAULT 0,
    position text,
    data text,
    via text,
    reason text,
    error_count integer NOT NULL,
    batch bigint,
    version bigint,
    inserted_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    steps text NOT NULL,
    events text NOT NULL
  ) PARTITION BY RANGE (row);
  CREATE INDEX recipient_runs_by_id ON recipient_runs (id);
  CREATE INDEX recipient_runs_by_workflow_run ON recipient_runs (workflow_run, row);
  CREATE INDEX recipient_runs_by_recipient ON recipient_runs (recipient, row);
  CREATE INDEX recipient_runs_due ON recipient_runs (due_at, row) WHERE due_at IS NOT NULL;
  CREATE INDEX recipient_runs_due_by_shard ON recipient_runs (shard, due_at, row) WHERE due_at IS NOT NULL;

  CREATE TABLE batches (
    ${ROW},
    key ${KEY} NOT NULL,
    open smallint NOT NULL,
    opened_at bigint NOT NULL,
    closes_at bigint NOT NULL,
    holder bigint,
    items integer NOT NULL
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  CREATE UNIQUE INDEX batches_open ON batches (key) WHERE open = 1;

  CREATE SEQUENCE batch_activity_rows AS bigint;
  CREATE TABLE batch_activities (
    row bigint NOT NULL DEFAULT nextval('batch_activity_rows'),
    batch bigint NOT NULL,
    recipient_run bigint NOT NULL,
    actor ${KEY},
    data text NOT NULL,
    at bigint NOT NULL,
    removed smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (row)
  ) PARTITION BY RANGE (row);
  CREATE INDEX batch_activities_by_batch ON batch_activities (batch, row);
  CREATE INDEX batch_activities_by_run ON batch_activities (recipient_run);

  CREATE TABLE throttles (key ${KEY} PRIMARY KEY, ends_at bigint NOT NULL, passes integer NOT NULL);
  CREATE TABLE throttle_passes (
    key ${KEY} NOT NULL,
    recipient_run_id ${KEY} NOT NULL,
    passed smallint NOT NULL,
    PRIMARY KEY (key, recipient_run_id)
  );

  CREATE TABLE waits (
    recipient_run bigint PRIMARY KEY,
    awaited ${KEY} NOT NULL,
    recipient ${KEY},
    starts_at bigint NOT NULL,
    ends_at bigint NOT NULL
  );
  CREATE INDEX waits_by_event ON waits (awaited, recipient);
  CREATE TABLE signals (${ROW}, recipient_run bigint NOT NULL, event text NOT NULL, ${XID});
  CREATE INDEX signals_by_run ON signals (recipient_run, row);

  CREATE TABLE idempotency_keys (
    key ${KEY} PRIMARY KEY,
    fingerprint text NOT NULL,
    workflow_run_id text NOT NULL,
    inserted_at bigint NOT NULL
  );
  CREATE TABLE frequency_claims (
    workflow ${KEY} NOT NULL,
    recipient ${KEY} NOT NULL,
    tenant ${KEY} NOT NULL,
    PRIMARY KEY (workflow, recipient, tenant)
  );

  CREATE TABLE schedules (
    ${ROW},
    id ${KEY} NOT NULL UNIQUE,
    workflow ${KEY} NOT NULL,
    recipient ${KEY} NOT NULL,
    actor ${KEY},
    tenant ${KEY},
    data text,
    repeats text NOT NULL,
    scheduled_at bigint,
    ending_at bigint,
    due_at bigint,
    ${CLAIM},
    last_occurrence_at bigint,
    inserted_at bigint NOT NULL,
    updated_at bigint NOT NULL
  );
  CREATE INDEX schedules_due ON schedules (due_at, row) WHERE due_at IS NOT NULL;
  CREATE INDEX schedules_by_recipient ON schedules (recipient);`;
