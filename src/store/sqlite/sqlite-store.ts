import type { Store } from "../../ports/store.js";
import type { StoreSnapshot } from "../../ports/store-control.js";
import { CallCounter } from "../../util/call-counter.js";
import { createBinder } from "../create-binder.js";
import { claimClock, readClock, releaseClock, writeClock } from "./connection/clock-setting.js";
import type { Connection } from "./connection/connection.js";
import { takeMemorySnapshot } from "./connection/memory-snapshot.js";
import { clearStore, readChangeToken, readSecret, readText, replaceText } from "./connection/store-control.js";
import { isTransient } from "./connection/store-errors.js";
import { readGuideMessages, recordGuideEngagement, resetGuide } from "./message/guide-messages.js";
import { listFeed, readNewMessages } from "./message/list-feed.js";
import { listMessageIds, listMessages } from "./message/list-messages.js";
import { changeDeliveries, deleteMessages, markMessages, readMessages } from "./message/mark-messages.js";
import { readDeliveryLogs } from "./message/message-rows.js";
import {
  addAudienceMembers,
  listAudienceMembers,
  readAudienceKeys,
  readMemberships,
  removeAudienceMembers,
} from "./recipient/audiences.js";
import { deleteRecipients } from "./recipient/delete-recipients.js";
import { mergeRecipients } from "./recipient/merge-recipients.js";
import {
  listRecipients,
  readRecipients,
  upsertRecipients,
  writeChannelData,
  writePreferenceSets,
} from "./recipient/recipients.js";
import { deleteSubscriptions, listSubscriptions, upsertSubscriptions } from "./recipient/subscriptions.js";
import { readOpenBatches } from "./run/batches.js";
import { cancelRuns } from "./run/cancel-runs.js";
import { listIdsByPrefix, listRecipientRuns, listVersionsSince, readRecipientRun } from "./run/list-runs.js";
import { countRuns, readOutcomeMessages, readOutcomeRuns, readWorkflowRun } from "./run/outcome-runs.js";
import { readBatch } from "./run/read-batch.js";
import { retryRuns } from "./run/run-rows.js";
import { SharedRows } from "./run/shared-rows.js";
import { acquireThrottleSlots, previewThrottleSlots } from "./run/throttle-slots.js";
import { recordEvents } from "./run/waits.js";
import { claimDueMessages, claimDueRuns, listDueKinds, readNextDueAt } from "./work/claim-due-work.js";
import {
  claimDueFanOuts,
  insertFanOutChunk,
  listSubscribers,
  readRecipientsWithRun,
  splitFanOut,
} from "./work/fan-outs.js";
import { insertWorkflowRun, readAlreadyTriggered, readIdempotencyRecord } from "./work/insert-workflow-run.js";
import { prune } from "./work/prune-runs.js";
import { postponeRuns, releaseClaims, releaseDeadClaims } from "./work/release-claims.js";
import { saveAdvances, saveMessages } from "./work/save-work.js";
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
import { settleSuspected } from "./work/suspected-work.js";
import { claimUserChanges, saveUserChanges } from "./work/user-changes.js";

/** The store in one SQLite file, with its connection. */
export interface SqliteStore extends Store {
  readonly db: Connection;
  readonly shared: SharedRows;
}

/** Returns the store over a connection. SQLite is synchronous; the methods return promises because the port requires them. */
export function createSqliteStore(db: Connection): SqliteStore {
  const shared = new SharedRows(db);
  const snapshots: StoreSnapshot[] = [];
  const callCounter = new CallCounter();
  const results = new Map<string, string>();
  const bind = createBinder<[]>(async (use) => use());
  const bindConnection = createBinder<[Connection]>(async (use) => use(db));
  const bindRows = createBinder<[Connection, SharedRows]>(async (use) => use(db, shared));
  return {
    db,
    shared,
    listenForChanges: () => null,
    sendToOthers() {},
    isReadOnly: db.isReadOnly,
    getDeathsAlone: (token) => db.deathsAlone.get(token) ?? null,
    isTransient,
    ...bind({
      explainError: (error) => db.explain(error),
      deferDiskSync: () => db.deferDiskSync(),
      syncToDisk: () => db.syncToDisk(),
      // Only takes the lock of writers, because a change would wake everything that waits for one.
      checkWritable: () => (db.isReadOnly ? undefined : db.write(() => {})),
      // One server has the file.
      countCalls: (keys) => callCounter.count(keys, Date.now()),
      keepResult: (id, value) => void results.set(id, value),
      readResult: (id) => results.get(id) ?? null,
      recordEvents: (events, now) => db.writeAndCollect(() => recordEvents(db, events, now)).caused,
      openLogs: async () => (await import("./log/sqlite-logs.js")).createSqliteLogs(db, shared),
      takeSnapshot() {
        const snapshot = takeMemorySnapshot(db);
        snapshots.push(snapshot);
        return snapshot;
      },
      close() {
        for (const snapshot of snapshots) snapshot.close();
        db.close();
      },
    }),
    ...bindConnection({
      readChangeToken,
      readSecret,
      readText,
      replaceText,
      clear: clearStore,
      prune,
      readSeeds,
      applySeeds,
      readClock,
      writeClock,
      claimClock,
      releaseClock,
      readRecipients,
      upsertRecipients,
      listRecipients,
      deleteRecipients,
      mergeRecipients,
      writePreferenceSets,
      writeChannelData,
      listSubscribers,
      upsertSubscriptions,
      deleteSubscriptions,
      listSubscriptions,
      readAudienceKeys,
      addAudienceMembers,
      removeAudienceMembers,
      readMemberships,
      listAudienceMembers,
      claimUserChanges,
      saveMessages,
      readDeliveryLogs,
      deleteMessages,
      listMessageIds,
      readNewMessages,
      resetGuide,
      readIdempotencyRecord,
      readAlreadyTriggered,
      readRecipientsWithRun,
      previewThrottleSlots,
      acquireThrottleSlots,
      readOpenBatches,
      countRuns,
      readOutcomeRuns,
      readOutcomeMessages,
      listIdsByPrefix,
      retryRuns,
      insertSchedules,
      readSchedules,
      listSchedules,
      updateSchedules,
      deleteSchedules,
      claimDueSchedules,
      readNextDueAt,
      listDueKinds,
      postponeRuns,
      releaseClaims,
      releaseDeadClaims,
      settleSuspected,
    }),
    ...bindRows({
      saveUserChanges,
      saveOccurrences,
      insertWorkflowRun,
      claimDueFanOuts,
      insertFanOutChunk,
      splitFanOut,
      claimDueRuns,
      saveAdvances,
      cancelRuns,
      readWorkflowRun,
      readRecipientRun,
      listVersionsSince,
      readBatch,
      listRecipientRuns,
      claimDueMessages,
      readMessages,
      listMessages,
      markMessages,
      changeDeliveries,
      listFeed,
      readGuideMessages,
      recordGuideEngagement,
    }),
  };
}
