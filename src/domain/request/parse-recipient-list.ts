import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { type AudienceMembership, MAX_AUDIENCE_MEMBERS } from "../audience/audience.js";
import { type RecipientUpsert, splitKey, USERS } from "../recipient/recipient.js";
import { MAX_SUBSCRIPTIONS } from "../recipient/subscription.js";
import type { Complain } from "../shape/complain.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { type ParsedRecipient, parseRecipient } from "./parse-recipient.js";

/** A body's list of 1 to `max` items, each parsed; a single item counts as a list of one. */
function parseItems<T>(
  body: unknown,
  name: string,
  max: number,
  complain: Complain,
  parse: (item: unknown, path: PropertyKey[]) => T | null,
): T[] {
  if (!isJsonObject(body)) {
    complain([], "must be an object");
    return [];
  }
  const value = body[name];
  if (value === undefined || value === null) {
    complain([name], "is required (a list)");
    return [];
  }
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) complain([name], "must have at least one entry");
  if (items.length > max) {
    complain([name], `must have at most ${max} entries, found ${items.length}`);
    return [];
  }
  return items.flatMap((item, index) => parse(item, Array.isArray(value) ? [name, index] : [name]) ?? []);
}

function recipientsOf(body: unknown, complain: Complain): ParsedRecipient[] {
  return parseItems(body, "recipients", MAX_SUBSCRIPTIONS, complain, (item, path) =>
    parseRecipient(item, (at, message) => complain([...path, ...at], message)),
  );
}

/** A-513, E-065: who is to subscribe, identified inline where the entries say so, and the pairs' properties. */
export function parseSubscriptionsBody(body: unknown): { recipients: ParsedRecipient[]; properties: JsonObject } {
  checkJsonShape(body, "the subscriptions");
  return parseOrThrow("the subscriptions", (complain) => {
    const recipients = recipientsOf(body, complain);
    const properties = isJsonObject(body) ? (body.properties ?? {}) : {};
    if (!isJsonObject(properties)) complain(["properties"], "must be an object");
    return { recipients, properties: isJsonObject(properties) ? properties : {} };
  });
}

/** whose subscriptions are to go. */
export function parseUnsubscribeBody(body: unknown): ParsedRecipient[] {
  checkJsonShape(body, "the subscriptions");
  return parseOrThrow("the subscriptions", (complain) => recipientsOf(body, complain));
}

export interface ParsedMember extends AudienceMembership {
  upsert: RecipientUpsert | null;
}

export function parseMember(item: unknown, path: PropertyKey[], complain: Complain): ParsedMember | null {
  if (!isJsonObject(item)) {
    complain(path, 'must be an object with "user"');
    return null;
  }
  const { user, tenant = null } = item;
  const parsed = parseRecipient(user ?? null, (at, message) => complain([...path, "user", ...at], message));
  if (parsed !== null && splitKey(parsed.key).collection !== USERS)
    complain([...path, "user"], "must be a user: audiences hold no objects");
  if (tenant !== null && (typeof tenant !== "string" || tenant.trim() === "")) {
    complain([...path, "tenant"], "must be a tenant's id or null");
    return null;
  }
  return parsed && { recipient: parsed.key, tenant: tenant as string | null, upsert: parsed.upsert };
}

/**
 * Returns a member in the API's format from what commands and recipients files take: that format, a user's ID, or an inline user whose
 * `tenant` is the membership's. `tenant` counts where the entry names none.
 */
export function memberBody(entry: Json, tenant: string | null = null): JsonObject {
  if (!isJsonObject(entry)) return { user: entry, tenant };
  if ("user" in entry) return { tenant, ...entry };
  const { tenant: own = tenant, ...user } = entry;
  return { user, tenant: own };
}

/** E-387, E-392. A user given by id alone is not identified by it (E-391). */
export function parseMembersBody(body: unknown): ParsedMember[] {
  checkJsonShape(body, "the members");
  return parseOrThrow("the members", (complain) =>
    parseItems(body, "members", MAX_AUDIENCE_MEMBERS, complain, (item, path) => parseMember(item, path, complain)),
  );
}
