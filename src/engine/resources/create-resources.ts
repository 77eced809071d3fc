import type { LocalResourceOperations } from "../../ports/resource-operations.js";
import type { EngineContext } from "../context/engine-context.js";
import { createAudienceOperations } from "./audience-operations.js";
import { createChannelDataOperations } from "./channel-data-operations.js";
import { createFeedOperations } from "./feed-operations.js";
import { createPreferenceOperations } from "./preference-operations.js";
import { createObjectOperations, createTenantOperations, createUserOperations } from "./recipient-operations.js";
import { createScheduleOperations } from "./schedule-operations.js";
import { createSubscriptionOperations } from "./subscription-operations.js";

export function createResources(context: EngineContext): LocalResourceOperations {
  return {
    users: createUserOperations(context),
    objects: createObjectOperations(context),
    tenants: createTenantOperations(context),
    preferences: createPreferenceOperations(context),
    channelData: createChannelDataOperations(context),
    subscriptions: createSubscriptionOperations(context),
    audiences: createAudienceOperations(context),
    feeds: createFeedOperations(context),
    schedules: createScheduleOperations(context),
    readLinkKey: () => context.store.readSecret("preference-center"),
    ...(context.createGuideOperations ? { guides: context.createGuideOperations(context) } : {}),
  };
}
