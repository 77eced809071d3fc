import { describe, expect, it } from "vitest";
import type { AudienceStore } from "../../../src/ports/audience-store.js";
import type { ClockStore } from "../../../src/ports/clock-store.js";
import type { DueStore } from "../../../src/ports/due-store.js";
import type { FanOutStore } from "../../../src/ports/fan-out-store.js";
import type { FeedStore } from "../../../src/ports/feed-store.js";
import type { GuideStore } from "../../../src/ports/guide-store.js";
import type { MessageStore } from "../../../src/ports/message-store.js";
import type { PruneStore } from "../../../src/ports/prune-store.js";
import type { RecipientStore } from "../../../src/ports/recipient-store.js";
import type { RunStore } from "../../../src/ports/run-store.js";
import type { ScheduleStore } from "../../../src/ports/schedule-store.js";
import type { SeedStore } from "../../../src/ports/seed-store.js";
import type { Store } from "../../../src/ports/store.js";
import type { StoreControl } from "../../../src/ports/store-control.js";
import type { SubscriptionStore } from "../../../src/ports/subscription-store.js";
import type { TriggerStore } from "../../../src/ports/trigger-store.js";

/** Requires every method of a part, so that the compiler reports a missing one. */
type Methods<Part> = Record<Exclude<keyof Part, "isReadOnly">, true>;

const PARTS = {
  AudienceStore: {
    readAudienceKeys: true,
    addAudienceMembers: true,
    removeAudienceMembers: true,
    readMemberships: true,
    listAudienceMembers: true,
    claimUserChanges: true,
    saveUserChanges: true,
  } satisfies Methods<AudienceStore>,
  ClockStore: {
    readClock: true,
    writeClock: true,
    claimClock: true,
    releaseClock: true,
  } satisfies Methods<ClockStore>,
  DueStore: {
    readNextDueAt: true,
    listDueKinds: true,
    releaseDeadClaims: true,
    releaseClaims: true,
    isTransient: true,
    getDeathsAlone: true,
    settleSuspected: true,
  } satisfies Methods<DueStore>,
  FanOutStore: {
    readRecipientsWithRun: true,
    claimDueFanOuts: true,
    insertFanOutChunk: true,
    splitFanOut: true,
  } satisfies Methods<FanOutStore>,
  FeedStore: { listFeed: true, readNewMessages: true } satisfies Methods<FeedStore>,
  GuideStore: { readGuideMessages: true, recordGuideEngagement: true, resetGuide: true } satisfies Methods<GuideStore>,
  MessageStore: {
    claimDueMessages: true,
    saveMessages: true,
    readDeliveryLogs: true,
    readMessages: true,
    readOutcomeMessages: true,
    listMessageIds: true,
    listMessages: true,
    markMessages: true,
    changeDeliveries: true,
    deleteMessages: true,
  } satisfies Methods<MessageStore>,
  PruneStore: { prune: true } satisfies Methods<PruneStore>,
  RecipientStore: {
    readRecipients: true,
    upsertRecipients: true,
    listRecipients: true,
    deleteRecipients: true,
    mergeRecipients: true,
    writePreferenceSets: true,
    writeChannelData: true,
  } satisfies Methods<RecipientStore>,
  RunStore: {
    claimDueRuns: true,
    saveAdvances: true,
    previewThrottleSlots: true,
    acquireThrottleSlots: true,
    readOpenBatches: true,
    recordEvents: true,
    cancelRuns: true,
    postponeRuns: true,
    retryRuns: true,
    readWorkflowRun: true,
    readOutcomeRuns: true,
    countRuns: true,
    readRecipientRun: true,
    listIdsByPrefix: true,
    listVersionsSince: true,
    readBatch: true,
    listRecipientRuns: true,
  } satisfies Methods<RunStore>,
  ScheduleStore: {
    insertSchedules: true,
    readSchedules: true,
    listSchedules: true,
    updateSchedules: true,
    deleteSchedules: true,
    claimDueSchedules: true,
    saveOccurrences: true,
  } satisfies Methods<ScheduleStore>,
  SeedStore: { readSeeds: true, applySeeds: true, clear: true } satisfies Methods<SeedStore>,
  StoreControl: {
    explainError: true,
    deferDiskSync: true,
    syncToDisk: true,
    readChangeToken: true,
    listenForChanges: true,
    sendToOthers: true,
    checkWritable: true,
    readSecret: true,
    readText: true,
    replaceText: true,
    countCalls: true,
    keepResult: true,
    readResult: true,
    openLogs: true,
    takeSnapshot: true,
    close: true,
  } satisfies Methods<StoreControl>,
  SubscriptionStore: {
    listSubscribers: true,
    upsertSubscriptions: true,
    deleteSubscriptions: true,
    listSubscriptions: true,
  } satisfies Methods<SubscriptionStore>,
  TriggerStore: {
    readIdempotencyRecord: true,
    readAlreadyTriggered: true,
    insertWorkflowRun: true,
  } satisfies Methods<TriggerStore>,
};

/** Records which methods the contract's tests call. */
export class MethodCalls {
  private readonly called = new Set<string>();

  record(store: Store): Store {
    for (const name of Object.values(PARTS).flatMap((part) => Object.keys(part))) {
      const method = Reflect.get(store, name) as (...args: unknown[]) => unknown;
      const recorded = (...args: unknown[]): unknown => {
        this.called.add(name);
        return method.apply(store, args);
      };
      Reflect.set(store, name, recorded);
    }
    return store;
  }

  /** Describes the coverage. Must be called after all other parts of the contract. */
  describeCoverage(): void {
    describe("the contract", () => {
      it.each(Object.entries(PARTS))("covers each method of %s", (_name, part) => {
        expect(Object.keys(part).filter((name) => !this.called.has(name))).toEqual([]);
      });
    });
  }
}
