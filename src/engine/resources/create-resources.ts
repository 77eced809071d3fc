import type { ResourceOperations } from "../../ports/resources.js";
import type { EngineContext } from "../context/engine-context.js";
import { audienceOperations } from "./audiences.js";
import { channelDataOperations } from "./channel-data.js";
import { feedOperations } from "./feeds.js";
import { preferenceOperations } from "./preferences.js";
import { objectOperations, tenantOperations, userOperations } from "./recipients.js";
import { scheduleOperations } from "./schedules.js";
import { subscriptionOperations } from "./subscriptions.js";

export function createResources(context: EngineContext): ResourceOperations {
  return {
    users: userOperations(context),
    objects: objectOperations(context),
    tenants: tenantOperations(context),
    preferences: preferenceOperations(context),
    channelData: channelDataOperations(context),
    subscriptions: subscriptionOperations(context),
    audiences: audienceOperations(context),
    feeds: feedOperations(context),
    schedules: scheduleOperations(context),
    readLinkKey: () => context.store.readSecret("preference-center"),
    ...(context.guides ? { guides: context.guides(context) } : {}),
  };
}
