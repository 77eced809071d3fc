import { TENANTS } from "../../domain/recipient/recipient.js";
import { parseObjectKey, parseRecipientKey } from "../../domain/request/parse-recipient-key.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ObjectOperations, TenantOperations, UserOperations } from "../../ports/resource-operations.js";
import type { ApiClient } from "../api-client.js";
import { listPage } from "../list-page.js";
import { nullIfMissing } from "../read-run-detail.js";
import {
  buildObjectPath,
  buildPath,
  buildUserPath,
  deleteResource,
  putResource,
  readResource,
} from "./resource-requests.js";

/** Creates the operations on users. */
export function createRemoteUsers(client: ApiClient): UserOperations {
  return {
    async list({ email, name }, page) {
      if (email !== undefined || name !== undefined)
        throw new KnockError("not_supported", "the API cannot search users by email address or name", {
          hint: "Run `knock users get <id>` to show a user, or use the local target.",
        });
      return listPage(client, buildPath("users"), {}, page);
    },
    read: async (id) => readResource(client, buildUserPath(id), ["id"]),
    set: async (id, body) => putResource(client, buildUserPath(id), body, ["id"]),
    delete: async (id) => deleteResource(client, buildUserPath(id)),
    async merge(id, from) {
      const path = `${buildUserPath(id)}/merge`;
      buildUserPath(from); // an invalid ID has the same error as on the local target
      const options = { body: { from_user_id: from }, isRemoval: true };
      const response = await nullIfMissing(client.call("POST", path, options));
      if (response === null) return null;
      // The user was merged by a request whose response was lost, so that its user has to be read.
      if (response.status === 404) return readResource(client, buildUserPath(id), ["id"]);
      return client.responseReader.readObject(response, "id");
    },
  };
}

/** Creates the operations on objects. */
export function createRemoteObjects(client: ApiClient): ObjectOperations {
  return {
    async list(collection, page) {
      if (collection === null)
        throw new KnockError("not_supported", "the API cannot list the objects of all collections", {
          hint: "Give a collection, or use the local target.",
        });
      parseObjectKey(collection, "any");
      return listPage(client, buildPath("objects", collection), {}, page);
    },
    read: async (collection, id) => readResource(client, buildObjectPath(collection, id), ["id"]),
    set: async (collection, id, body) => putResource(client, buildObjectPath(collection, id), body, ["id"]),
    delete: async (collection, id) => deleteResource(client, buildObjectPath(collection, id)),
  };
}

function buildTenantPath(id: string): string {
  parseRecipientKey(TENANTS, id);
  return buildPath("tenants", id);
}

/** Creates the operations on tenants. */
export function createRemoteTenants(client: ApiClient): TenantOperations {
  return {
    list: ({ tenant_id, name }, page) => listPage(client, buildPath("tenants"), { tenant_id, name }, page),
    read: async (id) => readResource(client, buildTenantPath(id), ["id"]),
    set: async (id, body) => putResource(client, buildTenantPath(id), body, ["id"]),
    delete: async (id) => deleteResource(client, buildTenantPath(id)),
  };
}
