import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { AudienceMembership } from "../audience/audience.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import type { RecipientUpsert } from "../recipient/recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { type ParsedRecipient, toRecipient } from "./parse-recipient.js";
import { membersBodySchema, subscriptionsBodySchema } from "./recipient-list-schemas.js";

/** Returns the list, or a list with the single item. */
const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/**
 * Parses a body with subscribers, which may be identified inline, and the properties of the subscriptions (A-513,
 * E-065).
 */
export function parseSubscriptionsBody(body: unknown): { recipients: ParsedRecipient[]; properties: JsonObject } {
  checkJsonShape(body, "the subscriptions");
  const value = parseOrThrow("the subscriptions", (report) =>
    checkClosedDocument(subscriptionsBodySchema(), body, report),
  );
  return {
    recipients: toList(value.recipients).map(toRecipient),
    properties: value.properties ?? {},
  };
}

/** Parses a body with the subscribers whose subscriptions are deleted. */
export function parseUnsubscribeBody(body: unknown): ParsedRecipient[] {
  return parseSubscriptionsBody(body).recipients;
}

interface ParsedMember extends AudienceMembership {
  upsert: RecipientUpsert | null;
}

/** Returns the member that a checked value in the API's format names. */
export function toMember({ user, tenant }: JsonObject): ParsedMember {
  const { key, upsert } = toRecipient(user);
  return { recipient: key, tenant: typeof tenant === "string" ? tenant : null, upsert };
}

/**
 * Returns a member in the API's format. Commands and recipients files also accept a user's ID, or an inline user whose
 * `tenant` is that of the membership. `tenant` is the default for entries without one.
 */
export function toMemberBody(entry: Json, tenant: string | null = null): JsonObject {
  if (!isJsonObject(entry)) return { user: entry, tenant };
  if ("user" in entry) return { tenant, ...entry };
  const { tenant: own = tenant, ...user } = entry;
  return { user, tenant: own };
}

/**
 * Parses a body with members of an audience (A-527 to A-529, E-387, E-392). A user who is given by ID only is not
 * identified by it (E-391).
 */
export function parseMembersBody(body: unknown): ParsedMember[] {
  checkJsonShape(body, "the members");
  const value = parseOrThrow("the members", (report) => checkClosedDocument(membersBodySchema(), body, report));
  return filterObjects(toList(value.members)).map(toMember);
}
