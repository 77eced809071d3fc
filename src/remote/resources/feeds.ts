import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { encodePathSegment } from "../../domain/trigger/api-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { FeedOperations } from "../../ports/resource-operations.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery, MAX_PAGE_SIZE, type Query } from "../list-page.js";
import { buildUserPath, withMissingError } from "./resource-requests.js";

function createMissingChannelError(channel: string): KnockError {
  return new KnockError("resource_missing", `there is no in-app channel "${channel}"`, {
    details: [{ pointer: "", message: "is not the ID of an in-app channel", value: channel }],
    hint: "Use the channel's ID from the dashboard, or from `channel.id` in `knock messages list --json`.",
  });
}

/** Creates the operation on feeds. */
export function createRemoteFeeds(client: ApiClient): FeedOperations {
  return {
    async list({ recipient, channel, inserted_at = {}, trigger_data, has_tenant, ...filter }, page) {
      const { collection, id } = splitRecipientKey(recipient);
      if (collection !== USERS)
        throw new KnockError("not_supported", "the API has no feeds of objects", {
          hint: `Run \`knock messages list --recipient ${collection}/${id}\` to see an object's messages, or add --local.`,
        });
      if (channel === undefined)
        throw new KnockError("not_supported", "the API cannot list a feed without an in-app channel", {
          hint: "Add --channel with the channel's ID, or add --local.",
        });
      const times = Object.entries(inserted_at).map(([name, at]) => [`inserted_at.${name}`, toIsoTime(at)]);
      const query: Query = {
        status: filter.status,
        tenant: filter.tenant,
        has_tenant: has_tenant === undefined ? undefined : String(has_tenant),
        archived: filter.archived,
        source: filter.source,
        "workflow_categories[]": filter.workflow_categories,
        trigger_data: trigger_data === undefined ? undefined : JSON.stringify(trigger_data),
        ...Object.fromEntries(times),
        page_size: String(Math.max(1, Math.min(MAX_PAGE_SIZE, page.limit))),
        after: page.after,
        before: page.before,
      };
      const path = appendQuery(`${buildUserPath(id)}/feeds/${encodePathSegment(channel)}`, query);
      const response = await withMissingError(client.call("GET", path), () => createMissingChannelError(channel));
      const { items, after, before } = client.responseReader.readPage(response, "id");
      const { meta, vars } = client.responseReader.readObject(response);
      return {
        // Rich mode is the default, because compact mode shortens an item's data and actors.
        items: items.map(({ activities: _activities, ...item }) => item),
        page_info: { after, before, page_size: page.limit },
        meta: isJsonObject(meta) ? meta : {},
        vars: isJsonObject(vars) ? vars : {},
      };
    },
  };
}
