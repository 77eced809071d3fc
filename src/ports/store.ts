import type { AudienceStore } from "./audience-store.js";
import type { ClockStore } from "./clock-store.js";
import type { DueStore } from "./due-store.js";
import type { FanOutStore } from "./fan-out-store.js";
import type { FeedStore } from "./feed-store.js";
import type { GuideStore } from "./guide-store.js";
import type { MessageStore } from "./message-store.js";
import type { PruneStore } from "./prune-store.js";
import type { RecipientStore } from "./recipient-store.js";
import type { RunStore } from "./run-store.js";
import type { ScheduleStore } from "./schedule-store.js";
import type { SeedStore } from "./seed-store.js";
import type { StoreControl } from "./store-control.js";
import type { SubscriptionStore } from "./subscription-store.js";
import type { TriggerStore } from "./trigger-store.js";

/**
 * Durable state. Each operation is atomic, also in a crash, and processes many rows at once. Times are milliseconds.
 * Callers use only the interfaces that they need; a store implements all of them.
 */
export interface Store
  extends AudienceStore,
    ClockStore,
    DueStore,
    FanOutStore,
    FeedStore,
    GuideStore,
    MessageStore,
    PruneStore,
    RecipientStore,
    RunStore,
    ScheduleStore,
    SeedStore,
    StoreControl,
    SubscriptionStore,
    TriggerStore {}
