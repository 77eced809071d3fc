import { createMissingObjectError } from "../../domain/recipient/missing-object-error.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { ObjectReference, SubscriptionOperations } from "../../ports/resource-operations.js";
import type { JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { listPage, type Query } from "../list-page.js";
import { buildObjectPath, buildRecipientPath, withMissingError } from "./resource-requests.js";

/** The field of a subscription that is always a string. Subscriptions have no id. */
const STRING_FIELD = "inserted_at";

function buildSubscriptionsPath({ collection, id }: ObjectReference): string {
  return `${buildObjectPath(collection, id)}/subscriptions`;
}

/** Returns the parameters for a list of references: ids of users, or indices for objects. */
export function buildReferencesQuery(name: string, keys: readonly RecipientKey[] = []): Query {
  const references = keys.map(splitRecipientKey);
  const users = references.filter(({ collection }) => collection === USERS).map(({ id }) => id);
  const objects = references.filter(({ collection }) => collection !== USERS);
  return {
    ...(users.length === 0 ? {} : { [`${name}[]`]: users }),
    ...Object.fromEntries(
      objects.flatMap(({ id, collection }, index) => [
        [`${name}[${index}][id]`, id],
        [`${name}[${index}][collection]`, collection],
      ]),
    ),
  };
}

/** Creates the operations on subscriptions. */
export function createRemoteSubscriptions(client: ApiClient): SubscriptionOperations {
  const change = async (
    method: "POST" | "DELETE",
    object: ObjectReference,
    body: JsonObject,
  ): Promise<JsonObject[]> => {
    const response = await client.call(method, buildSubscriptionsPath(object), { body });
    return client.responseReader.readList(response, STRING_FIELD);
  };
  return {
    async list(scope, page) {
      if ("recipient" in scope) {
        const { recipient } = scope;
        const path = `${buildRecipientPath(recipient)}/subscriptions`;
        const mode: Query = typeof recipient === "string" ? {} : { mode: "recipient" };
        const query = { ...mode, ...buildReferencesQuery("objects", scope.objects) };
        return listPage(client, path, query, page, null, STRING_FIELD);
      }
      const query = buildReferencesQuery("recipients", scope.recipients);
      const listed = listPage(client, buildSubscriptionsPath(scope.object), query, page, null, STRING_FIELD);
      return withMissingError(listed, () => createMissingObjectError(scope.object));
    },
    add: (object, body) => withMissingError(change("POST", object, body), () => createMissingObjectError(object)),
    delete: (object, body) => withMissingError(change("DELETE", object, body), () => createMissingObjectError(object)),
  };
}
