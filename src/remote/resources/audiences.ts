import { checkAudienceKey } from "../../domain/request/check-ids.js";
import { KnockError } from "../../errors/knock-error.js";
import type { AudienceOperations } from "../../ports/resource-operations.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery, listPage } from "../list-page.js";
import { buildPath, withMissingError } from "./resource-requests.js";

function buildMembersPath(key: string): string {
  checkAudienceKey(key);
  return buildPath("audiences", key, "members");
}

function createMissingAudienceError(key: string): KnockError {
  return new KnockError("resource_missing", `there is no audience "${key}"`, {
    details: [{ pointer: "", message: "is not the key of an audience", value: key }],
    hint: `Run \`knock audiences add ${key} --recipients <ids>\` to create it.`,
  });
}

/** Creates the operations on the members of static audiences. */
export function createRemoteAudiences(client: ApiClient): AudienceOperations {
  return {
    async list(key, page) {
      const listed = listPage(client, buildMembersPath(key), {}, page, null, "user_id");
      return withMissingError(listed, () => createMissingAudienceError(key));
    },
    async add(key, body, { create_audience }) {
      const path = appendQuery(buildMembersPath(key), create_audience ? { create_audience: "true" } : {});
      await withMissingError(client.call("POST", path, { body }), () => createMissingAudienceError(key));
    },
    async remove(key, body) {
      const request = client.call("DELETE", buildMembersPath(key), { body });
      await withMissingError(request, () => createMissingAudienceError(key));
      return null;
    },
  };
}
