import { type RecipientReference, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { parseObjectKey, parseRecipientKey } from "../../domain/request/parse-recipient-key.js";
import { encodePathSegment } from "../../domain/trigger/api-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery, type Query } from "../list-page.js";
import { nullIfMissing } from "../read-run-detail.js";

/** Returns a path of the API. The parts are percent-encoded. */
export function buildPath(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodePathSegment).join("/")}`;
}

/** Returns the path of a user. Throws `invalid_params` for an invalid ID, before any request. */
export function buildUserPath(id: string): string {
  return buildPath("users", splitRecipientKey(parseRecipientKey(USERS, id)).id);
}

/** Returns the path of an object. Throws `invalid_params` for an invalid collection or ID, before any request. */
export function buildObjectPath(collection: string, id: string): string {
  const parts = splitRecipientKey(parseObjectKey(collection, id));
  return buildPath("objects", parts.collection, parts.id);
}

/** Returns the path of a user or an object. */
export function buildRecipientPath(recipient: RecipientReference): string {
  return typeof recipient === "string" ? buildUserPath(recipient) : buildObjectPath(recipient.collection, recipient.id);
}

/** Reads a resource; null if it does not exist. `keys` are the fields that are always strings. */
export async function readResource(
  client: ApiClient,
  path: string,
  keys: readonly string[],
  query: Query = {},
): Promise<JsonObject | null> {
  const response = await nullIfMissing(client.call("GET", appendQuery(path, query)));
  return response === null ? null : client.responseReader.readObject(response, ...keys);
}

/** Creates or changes a resource, and returns it. */
export async function putResource(
  client: ApiClient,
  path: string,
  body: JsonObject,
  keys: readonly string[],
): Promise<JsonObject> {
  return client.responseReader.readObject(await client.call("PUT", path, { body }), ...keys);
}

/** Deletes a resource. Returns false if it did not exist. */
export async function deleteResource(client: ApiClient, path: string): Promise<boolean> {
  return (await nullIfMissing(client.call("DELETE", path, { isRemoval: true }))) !== null;
}

/** Replaces a request's `resource_missing` with an error that names the resource. */
export async function withMissingError<T>(request: Promise<T>, createError: () => KnockError): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "resource_missing") throw error;
    const { code, message, hint, details } = createError();
    const { status, request_id, attempts } = error;
    throw new KnockError(code, message, { hint, details, status, request_id, attempts });
  }
}
