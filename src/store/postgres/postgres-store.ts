import { createDatabaseSnapshotError } from "../../domain/request/snapshot-name.js";
import type { Store } from "../../ports/store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import { createBinder } from "../create-binder.js";
import { createTrackedLinks, type LinksRow } from "../rows/log-rows.js";
import { claimClock, releaseClock, selectClock, writeClock } from "./connection/clock-setting.js";
import { Connection } from "./connection/connection.js";
import { keepResult, readResult, SharedCallCounts } from "./connection/server-state.js";
import { clearStore, readChangeToken, readSecret, readText, replaceText } from "./connection/store-control.js";
import { isTransient } from "./connection/store-errors.js";
import type { Transaction } from "./connection/transaction.js";
import { WriteProbe } from "./connection/write-probe.js";
import { PostgresBroadcastLog } from "./log/postgres-broadcast-log.js";
import { PostgresOutboundLog } from "./log/postgres-outbound-log.js";
import { PostgresSourceLog } from "./log/postgres-source-log.js";
import { keepCountsOfLargeFeed } from "./message/feed-counts.js";
import { listSharedRows, readGuideMessages, recordGuideEngagement, resetGuide } from "./message/guide-messages.js";
import { listFeed, readNewMessages } from "./message/list-feed.js";
import { listMessageIds, listMessages } from "./message/list-messages.js";
import { changeDeliveries, deleteMessages, markMessages, saveMessages } from "./message/mark-messages.js";
import { readDeliveryLogs, selectMessageRows, toMessages } from "./message/message-rows.js";
import { deleteMembers } from "./recipient/audience-members.js";
import { addAudienceMembers, listAudienceMembers, readAudienceKeys, readMemberships } from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import { writeChannelData, writePreferenceSets } from "./recipient/recipient-parts.js";
import { listRecipients, readRecipients, upsertRecipients } from "./recipient/recipients.js";
import {
  deleteSubscriptions,
  listSubscribers,
  listSubscriptions,
  upsertSubscriptions,
} from "./recipient/subscriptions.js";
import { readOpenBatches } from "./run/batches.js";
import { cancelRuns } from "./run/cancel-runs.js";
import { ClaimedRows } from "./run/claimed-rows.js";
import { listIdsByPrefix, listRecipientRuns, listVersionsSince, readRecipientRun } from "./run/list-runs.js";
import { countRuns, readOutcomeMessages, readOutcomeRuns, readWorkflowRun } from "./run/outcome-runs.js";
import { readBatch } from "./run/read-batch.js";
import { retryRuns } from "./run/run-rows.js";
import { SharedRows } from "./run/shared-rows.js";
import { acquireThrottleSlots, previewThrottleSlots } from "./run/throttle-slots.js";
import { recordEvents } from "./run/waits.js";
import { claimDueMessages, claimDueRuns } from "./work/claim-due-work.js";
import { claimDueFanOuts, insertFanOutChunk, readRecipientsWithRun, splitFanOut } from "./work/fan-outs.js";
import { insertWorkflowRun, readIdempotencyRecord, selectAlreadyTriggered } from "./work/insert-workflow-run.js";
import { listDueKinds, readNextDueAt } from "./work/next-due.js";
import { prune } from "./work/prune-runs.js";
import { postponeRuns, releaseClaims } from "./work/release-claims.js";
import { saveAdvances } from "./work/save-work.js";
import {
  claimDueSchedules,
  deleteSchedules,
  insertSchedules,
  listSchedules,
  readSchedules,
  saveOccurrences,
  updateSchedules,
} from "./work/schedules.js";
import { applySeeds, readSeeds } from "./work/seeds.js";
import { releaseDeadClaims, settleSuspected } from "./work/suspected-work.js";
import { claimUserChanges, saveUserChanges } from "./work/user-changes.js";

const buildSelectLinks = (column: string): string =>
  `SELECT id AS message_id, inserted_at, links FROM messages WHERE ${column} = $1 AND links IS NOT NULL LIMIT 1`;

/** Returns the logs in a PostgreSQL store. */
function createPostgresLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new PostgresBroadcastLog(db, shared),
    sources: new PostgresSourceLog(db),
    outbound: new PostgresOutboundLog(db),
    links: createTrackedLinks('"right"(id, 9)', (column, value) => db.get<LinksRow>(buildSelectLinks(column), value)),
  };
}

/** The store in one PostgreSQL database, with its connections. */
export interface PostgresStore extends Store {
  readonly db: Connection;
}

export function isPostgresStore(store: Store): store is PostgresStore {
  return "db" in store && store.db instanceof Connection;
}

/** Returns the store over the connections to a database. */
export function createPostgresStore(db: Connection): PostgresStore {
  const shared = new SharedRows();
  const claimedRows = new ClaimedRows();
  const probe = new WriteProbe(db);
  const callCounts = new SharedCallCounts(db);
  const bind = createBinder<[]>(async (use) => use());
  const bindConnection = createBinder<[Connection]>(async (use) => use(db));
  const bindRows = createBinder<[Connection, SharedRows]>(async (use) => use(db, shared));
  const bindRead = createBinder<[Transaction, SharedRows]>((use) => db.read(async (tx) => use(tx, shared)));
  const bindList = createBinder<[Transaction]>((use) => db.readList(async (tx) => use(tx)));
  const bindWrite = createBinder<[Transaction]>((use) => db.write(async (tx) => use(tx)));
  return {
    db,
    isReadOnly: db.isReadOnly,
    // A pooler gives each statement another session, and none of them would listen.
    listenForChanges: (onChange, onText) =>
      db.isPooled ? { isListening: false, stop: async () => {} } : db.signals.listen(onChange, onText),
    sendToOthers: (text) => db.signals.sendToOthers(text),
    getDeathsAlone: (token) => db.deathsAlone.get(token) ?? null,
    isTransient,
    ...bind({
      explainError: (error) => db.explain(error),
      // One commit in the database takes as long as a wait for the disk, and many share it.
      deferDiskSync: () => {},
      // A commit is on the disk.
      syncToDisk: () => {},
      checkWritable: () => probe.check(),
      countCalls: (keys) => callCounts.count(keys),
      openLogs: () => createPostgresLogs(db, shared),
      takeSnapshot() {
        throw createDatabaseSnapshotError();
      },
      close: () => db.close(),
      claimDueRuns: (claim, limit) => claimDueRuns(db, shared, claimedRows, claim, limit),
      saveAdvances: (advances, token, now, options) =>
        saveAdvances(db, shared, claimedRows, advances, { token, now, ...options }),
      async releaseClaims(tokens) {
        await db.write((tx) => releaseClaims(tx, tokens));
        for (const token of tokens) claimedRows.forget(token);
      },
      async listFeed(filter, page) {
        await keepCountsOfLargeFeed(db, filter.recipient);
        return db.readList((tx) => listFeed(tx, shared, filter, page));
      },
      async recordGuideEngagement(engagement, at) {
        await shared.insert(db, listSharedRows(engagement));
        return db.write(async (tx) => {
          const message = await recordGuideEngagement(tx, shared, engagement, at);
          return { message, caused: tx.getCausedWork() };
        });
      },
    }),
    ...bindConnection({
      readChangeToken,
      readSecret,
      readText,
      replaceText,
      prune,
      clear: clearStore,
      readSeeds,
      keepResult,
      readResult,
      readClock: selectClock,
      writeClock,
      claimClock,
      releaseClock,
      readRecipients,
      listSubscribers,
      readAudienceKeys,
      readMemberships,
      readIdempotencyRecord,
      readAlreadyTriggered: selectAlreadyTriggered,
      readRecipientsWithRun,
      readNextDueAt,
      listDueKinds,
      releaseDeadClaims,
      settleSuspected,
      claimUserChanges,
      previewThrottleSlots,
      acquireThrottleSlots,
      readOpenBatches,
      insertSchedules,
      readSchedules,
      listSchedules,
      updateSchedules,
      deleteSchedules,
      claimDueSchedules,
      readDeliveryLogs,
      listMessageIds,
      readNewMessages,
      listIdsByPrefix,
    }),
    ...bindRows({
      insertWorkflowRun,
      claimDueFanOuts,
      insertFanOutChunk,
      splitFanOut,
      cancelRuns,
      readBatch,
      claimDueMessages,
      saveUserChanges,
      saveOccurrences,
    }),
    ...bindRead({
      readWorkflowRun,
      readRecipientRun,
      listVersionsSince,
      readGuideMessages,
      countRuns: (tx, _shared, id) => countRuns(tx, id),
      readMessages: async (tx, _shared, ids) => toMessages(tx, shared, await selectMessageRows(tx, ids)),
    }),
    ...bindList({
      listRecipients,
      listSubscriptions,
      listAudienceMembers,
      readOutcomeRuns,
      readOutcomeMessages,
      listMessages: (tx, filter, page) => listMessages(tx, shared, filter, page),
      listRecipientRuns: (tx, filter, page) => listRecipientRuns(tx, shared, filter, page),
    }),
    ...bindWrite({
      upsertRecipients,
      deleteRecipients,
      mergeRecipients,
      writePreferenceSets,
      writeChannelData,
      upsertSubscriptions,
      deleteSubscriptions,
      addAudienceMembers,
      removeAudienceMembers: deleteMembers,
      applySeeds,
      postponeRuns,
      retryRuns,
      resetGuide,
      deleteMessages: (tx, ids) => deleteMessages(tx, shared, ids),
      async recordEvents(tx, events, now) {
        await recordEvents(tx, events, now);
        return tx.getCausedWork();
      },
      async saveMessages(tx, messages, token, logs = []) {
        const saved = await saveMessages(tx, shared, messages, token, logs);
        return { saved, caused: tx.getCausedWork() };
      },
      async markMessages(tx, ids, action, at, metadata = null) {
        const messages = await markMessages(tx, shared, ids, action, at, metadata);
        return { messages, caused: tx.getCausedWork() };
      },
      async changeDeliveries(tx, ids, change) {
        const messages = await changeDeliveries(tx, shared, ids, change);
        return { messages, caused: tx.getCausedWork() };
      },
    }),
  };
}
