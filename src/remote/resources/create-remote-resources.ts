import type { ResourceOperations } from "../../ports/resource-operations.js";
import type { ApiClient } from "../api-client.js";
import { createRemoteAudiences } from "./audiences.js";
import { createRemoteBulk } from "./bulk.js";
import { createRemoteFeeds } from "./feeds.js";
import { createRemoteChannelData, createRemotePreferences } from "./preferences.js";
import { createRemoteObjects, createRemoteTenants, createRemoteUsers } from "./recipients.js";
import { createRemoteHistory } from "./run-history.js";
import { createRemoteSchedules } from "./schedules.js";
import { createRemoteSubscriptions } from "./subscriptions.js";

export { markRemoteMessages } from "./mark-messages.js";

/** Creates the operations on the resources of an account, with the API's requests. */
export function createRemoteResources(client: ApiClient): ResourceOperations {
  return {
    users: createRemoteUsers(client),
    objects: createRemoteObjects(client),
    tenants: createRemoteTenants(client),
    preferences: createRemotePreferences(client),
    channelData: createRemoteChannelData(client),
    subscriptions: createRemoteSubscriptions(client),
    audiences: createRemoteAudiences(client),
    feeds: createRemoteFeeds(client),
    schedules: createRemoteSchedules(client),
    bulk: createRemoteBulk(client),
    history: createRemoteHistory(client),
  };
}
