import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { checkPreferenceSetId } from "../../domain/request/check-ids.js";
import { encodePathSegment } from "../../domain/trigger/api-request.js";
import type { ChannelDataOperations, PreferenceOperations } from "../../ports/resource-operations.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery } from "../list-page.js";
import { buildRecipientPath, deleteResource, putResource, readResource } from "./resource-requests.js";

function buildSetPath(recipient: RecipientReference, id: string): string {
  checkPreferenceSetId(id);
  return `${buildRecipientPath(recipient)}/preferences/${encodePathSegment(id)}`;
}

/** Creates the operations on preference sets. */
export function createRemotePreferences(client: ApiClient): PreferenceOperations {
  return {
    async list(recipient) {
      const response = await client.call("GET", `${buildRecipientPath(recipient)}/preferences`);
      return client.responseReader.readList(response, "id");
    },
    async read(recipient, id, tenant) {
      const path = buildSetPath(recipient, id);
      const response = await client.call("GET", appendQuery(path, { tenant }));
      return client.responseReader.readObject(response, "id");
    },
    set: async (recipient, id, body) => putResource(client, buildSetPath(recipient, id), body, ["id"]),
    async delete(recipient, id) {
      await deleteResource(client, buildSetPath(recipient, id));
    },
    readOrigin: async () => null,
  };
}

function buildChannelDataPath(recipient: RecipientReference, channel: string): string {
  return `${buildRecipientPath(recipient)}/channel_data/${encodePathSegment(channel)}`;
}

/** Creates the operations on channel data. */
export function createRemoteChannelData(client: ApiClient): ChannelDataOperations {
  return {
    read: async (recipient, channel) => readResource(client, buildChannelDataPath(recipient, channel), ["channel_id"]),
    set: async (recipient, channel, body) =>
      putResource(client, buildChannelDataPath(recipient, channel), body, ["channel_id"]),
    delete: async (recipient, channel) => deleteResource(client, buildChannelDataPath(recipient, channel)),
  };
}
