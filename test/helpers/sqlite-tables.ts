import { FIRST_VERSION } from "../../src/store/sqlite/connection/migrations.js";

/** Makes the tables of a store those of the first version. */
export const TO_FIRST_VERSION = `
  ALTER TABLE batches RENAME COLUMN waiting_run TO holder;
  ALTER TABLE recipients DROP COLUMN preference_origins;
  ALTER TABLE crashed_claims DROP COLUMN deaths_alone;
  ALTER TABLE crashed_claims DROP COLUMN counted_at;
  DELETE FROM secrets WHERE name = 'unsigned-links-until';
  PRAGMA user_version = ${FIRST_VERSION};`;

/** The same for the tables that a store has once it sends webhooks and receives events of sources. */
export const OUTBOUND_AND_SOURCES_TO_FIRST_VERSION = `
  ALTER TABLE outbound_watch RENAME COLUMN claim_token TO holder;
  ALTER TABLE outbound_watch RENAME COLUMN claim_until TO held_until;
  ALTER TABLE source_events RENAME COLUMN claim_until TO in_hand_until;
  UPDATE source_events SET state = 'in_hand' WHERE state = 'processing';`;
