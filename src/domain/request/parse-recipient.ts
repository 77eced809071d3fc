import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import type { PreferenceSets } from "../recipient/preference-set.js";
import { type RecipientKey, type RecipientUpsert, TENANTS, toRecipientKey } from "../recipient/recipient.js";
import { normalizeCreatedAt } from "../recipient/typed-properties.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { recipientSchema, recipientTypesSchema } from "./recipient-schema.js";

/** Keys of an inline recipient that are not properties (E-039). */
const ENVELOPE_KEYS = new Set(["id", "collection", "channel_data", "preferences", "$trigger_data"]);

export interface ParsedRecipient {
  key: RecipientKey;
  upsert: RecipientUpsert | null;
  trigger_data: JsonObject | null;
}

/**
 * Returns the recipient that a checked value names. `{ "id": "x" }` identifies a user (E-036). `{ id, collection }`
 * alone is a reference to an object, but identifies a tenant (E-037, E-047, EQ-09).
 */
export function toRecipient(value: unknown): ParsedRecipient {
  if (!isJsonObject(value)) return { key: toRecipientKey(String(value)), upsert: null, trigger_data: null };
  const { id, collection } = value as { id: string; collection?: string };
  const key = toRecipientKey(collection === undefined ? id : { id, collection });
  const properties = Object.fromEntries(Object.entries(value).filter(([name]) => !ENVELOPE_KEYS.has(name)));
  const { channel_data, preferences, $trigger_data } = value;
  const isObject = collection !== undefined && collection !== TENANTS;
  const isReference = isObject && Object.keys(properties).length === 0 && !channel_data && !preferences;
  const upsert: RecipientUpsert | null = isReference ? null : { key, properties: normalizeCreatedAt(properties) };
  if (upsert && preferences) upsert.preferences = preferences as PreferenceSets;
  if (upsert && channel_data) upsert.channel_data = channel_data as Record<string, JsonObject>;
  return { key, upsert, trigger_data: isJsonObject($trigger_data) ? $trigger_data : null };
}

/** Returns the tenant that a checked value names: an ID, or an inline tenant (E-047). */
export function toTenant(value: unknown): { id: string; upsert: RecipientUpsert | null } {
  if (!isJsonObject(value)) return { id: String(value), upsert: null };
  return { id: String(value.id), upsert: toRecipient({ ...value, collection: TENANTS }).upsert };
}

/** Parses a recipient or an actor in the API's format (E-034). Returns null if it has findings. */
export function parseRecipient(value: unknown, report: ReportFinding): ParsedRecipient | null {
  return checkClosedDocument(recipientSchema(), value, report) === null ? null : toRecipient(value);
}

/** Reports values of an inline recipient whose type differs from the API description. */
export function checkRecipientTypes(value: JsonObject, collection: string, report: ReportFinding): void {
  checkClosedDocument(recipientTypesSchema(), { ...value, collection }, report);
}
