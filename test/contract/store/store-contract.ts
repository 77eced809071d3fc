import { afterAll, afterEach, beforeEach, describe } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import { describeBatches } from "./batches-contract.js";
import { describeCancellation } from "./cancellation-contract.js";
import { describeCausedWork } from "./caused-work-contract.js";
import { describeChanges } from "./changes-contract.js";
import { removeBundles } from "./child-process.js";
import { describeClockAndSeeds } from "./clock-and-seeds-contract.js";
import { describeControl } from "./control-contract.js";
import { describeDueWork } from "./due-work-contract.js";
import { describeEngagement } from "./engagement-contract.js";
import { describeFailedRuns } from "./failed-runs-contract.js";
import { describeFanOuts } from "./fan-outs-contract.js";
import { describeFeed } from "./feed-contract.js";
import { describeFeedCounts } from "./feed-counts-contract.js";
import { describeFilters } from "./filters-contract.js";
import { describeGuides } from "./guides-contract.js";
import { describeIllFormedText } from "./ill-formed-text-contract.js";
import { describeLargeItems } from "./large-items-contract.js";
import { describeLists } from "./lists-contract.js";
import { describeLogs } from "./logs-contract.js";
import { describeMemberships } from "./memberships-contract.js";
import { describeOutcomes } from "./outcomes-contract.js";
import { describeProcesses } from "./processes-contract.js";
import { describePruning } from "./prune-contract.js";
import { describeQueries } from "./queries-contract.js";
import { describeRecipients } from "./recipients-contract.js";
import { describeRepeatedCalls } from "./repeated-calls-contract.js";
import { describeResources } from "./resources-contract.js";
import { describeSavedWork } from "./saved-work-contract.js";
import { describeSchedules } from "./schedules-contract.js";
import { describeScopes } from "./scopes-contract.js";
import { describeSnapshots } from "./snapshots-contract.js";
import { MethodCalls } from "./store-parts.js";
import type { StoreSubject } from "./store-subject.js";
import { describeThrottles } from "./throttles-contract.js";
import { describeUserChanges } from "./user-changes-contract.js";
import { describeWaits } from "./waits-contract.js";
import { describeWorkflowRuns } from "./workflow-runs-contract.js";

/** The store of the running test, its location, and a function that opens the location again. */
export interface OpenStore {
  readonly store: Store;
  readonly location: string;
  readonly subject: StoreSubject;
  /** The real time that the store sees. */
  realNow: number;
  /** Opens the location again; the store is closed after the test. */
  openAgain(): Promise<Store>;
}

/** Describes everything that the `Store` port promises; every store must pass. */
export function describeStore(name: string, subject: StoreSubject): void {
  describe(`${name} store`, () => {
    const calls = new MethodCalls();
    let opened: Store[] = [];
    const current: { store?: Store; location?: string; realNow: number } = { realNow: 0 };

    const context: OpenStore = {
      get store() {
        return current.store as Store;
      },
      get location() {
        return current.location as string;
      },
      subject,
      get realNow() {
        return current.realNow;
      },
      set realNow(value) {
        current.realNow = value;
      },
      async openAgain() {
        const store = calls.record(await subject.open(this.location, { now: () => current.realNow }));
        opened.push(store);
        return store;
      },
    };

    beforeEach(async () => {
      opened = [];
      current.realNow = Date.UTC(2026, 10, 24, 10, 5);
      current.location = await subject.createLocation();
      current.store = await context.openAgain();
    });
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
    });

    afterAll(removeBundles);

    describeChanges(context);
    describeClockAndSeeds(context);
    describeRecipients(context);
    describeWorkflowRuns(context);
    describeDueWork(context);
    describeScopes(context);
    describeCausedWork(context);
    describeRepeatedCalls(context);
    describeSavedWork(context);
    describeFailedRuns(context);
    describeCancellation(context);
    describeBatches(context);
    describeThrottles(context);
    describeUserChanges(context);
    describeWaits(context);
    describeLists(context);
    describeFilters(context);
    describeLargeItems(context);
    describeIllFormedText(context);
    describeEngagement(context);
    describeResources(context);
    describeMemberships(context);
    describeFeed(context);
    describeFeedCounts(context);
    describeGuides(context);
    describeSchedules(context);
    describeQueries(context);
    describeOutcomes(context);
    describeLogs(context);
    describeFanOuts(context);
    describePruning(context);
    describeControl(context);
    describeSnapshots(context);
    describeProcesses(context);
    calls.describeCoverage();
  });
}
