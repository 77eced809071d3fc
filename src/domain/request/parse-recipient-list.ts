import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { AudienceMembership } from "../audience/audience.js";
import type { RecipientUpsert } from "../recipient/recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { checkJsonShape } from "../shape/check-json-shape.js";
import { parseOrThrow } from "../shape/invalid-params-error.js";
import { type ParsedRecipient, toRecipient } from "./parse-recipient.js";
import { membersBodySchema, subscriptionsBodySchema } from "./recipient-list-schemas.js";

/** A single item counts as a list of one. */
const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** A-513, E-065: who is to subscribe, identified inline where the entries say so, and the pairs' properties. */
export function parseSubscriptionsBody(body: unknown): { recipients: ParsedRecipient[]; properties: JsonObject } {
  checkJsonShape(body, "the subscriptions");
  const value = parseOrThrow("the subscriptions", (report) =>
    checkClosedDocument(subscriptionsBodySchema(), body, report),
  );
  return {
    recipients: toList(value?.recipients).map(toRecipient),
    properties: (value?.properties ?? {}) as JsonObject,
  };
}

/** whose subscriptions are to go. */
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
 * Returns a member in the API's format from what commands and recipients files take: that format, a user's ID, or an inline user whose
 * `tenant` is the membership's. `tenant` counts where the entry names none.
 */
export function toMemberBody(entry: Json, tenant: string | null = null): JsonObject {
  if (!isJsonObject(entry)) return { user: entry, tenant };
  if ("user" in entry) return { tenant, ...entry };
  const { tenant: own = tenant, ...user } = entry;
  return { user, tenant: own };
}

/** E-387, E-392. A user given by id alone is not identified by it (E-391). */
export function parseMembersBody(body: unknown): ParsedMember[] {
  checkJsonShape(body, "the members");
  const value = parseOrThrow("the members", (report) => checkClosedDocument(membersBodySchema(), body, report));
  return (toList(value?.members) as JsonObject[]).map(toMember);
}
