import * as z from "zod/mini";
import type { Json, JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { TENANTS } from "../recipient/recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { record, rule } from "../schema/fields.js";
import { boundedList } from "../schema/lists.js";
import { below } from "../shape/complain.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkRecipientTypes } from "./parse-recipient.js";
import { idSchema, recipientSchema } from "./recipient-schema.js";

/** */
const MAX_ROWS = 1_000;
/** Recipients of one object's subscriptions (E-065). */
const MAX_SUBSCRIBERS = 100;

type Row = JsonObject & { id: string };

/** A body with a list of 1 to 1,000 rows: with more, or none, nothing is enqueued. Other keys of the body are ignored. */
function checkRows<T>(body: unknown, name: string, item: z.ZodMiniType<T>): T[] {
  const rows = boundedList(item, { max: MAX_ROWS, noun: "entries", none: "must have at least one entry" });
  const value = parseOrThrow(`the ${name}`, (fault) =>
    checkClosedDocument(z.looseObject({ [name]: rows }), body, fault),
  );
  return value?.[name] as T[];
}

const idsSchema = once(idSchema);

/** Returns the IDs that a body lists under a name. */
export function parseBulkIds(body: unknown, name: string): string[] {
  return checkRows(body, name, idsSchema());
}

const rowSchema = (collection: string) =>
  z
    .looseObject({ id: idSchema() })
    .check(rule((row, fault) => checkRecipientTypes(row as JsonObject, collection, fault)));

/**
 * Returns the recipients to set. A value of a type that the API description does not allow refuses the call,
 * and nothing is enqueued. All other faults of a row are errors of that row.
 */
export function parseBulkRecipients(body: JsonObject, name: string, collection: string): Row[] {
  const given = body[name];
  // A tenant may be its ID.
  const isShort = collection === TENANTS && Array.isArray(given);
  const rows = isShort ? given.map((row): Json => (typeof row === "string" ? { id: row } : row)) : given;
  return checkRows({ [name]: rows }, name, rowSchema(collection)) as Row[];
}

const subscriptionsSchema = once(() =>
  z.looseObject({
    id: idSchema(),
    recipients: boundedList(recipientSchema(), {
      max: MAX_SUBSCRIBERS,
      noun: "entries",
      none: "must have at least one entry",
    }),
  }),
);

/** Returns the objects whose subscriptions change, each with its subscribers. */
export function parseBulkSubscriptions(body: unknown): (Row & { recipients: Json[] })[] {
  return checkRows(body, "subscriptions", subscriptionsSchema()) as (Row & { recipients: Json[] })[];
}

const bulkPreferencesSchema = once(() =>
  z.looseObject({
    preferences: record(z.unknown()).check(
      rule(({ id }, fault) => {
        if (id !== undefined) checkClosedDocument(idSchema(), id, below(fault, "id"));
      }),
    ),
  }),
);

/** Returns the users and the preference set that they all get. The set itself is checked by its own parser. */
export function parseBulkPreferences(body: unknown): { ids: string[]; setId: string; set: JsonObject } {
  const ids = parseBulkIds(body, "user_ids");
  const value = parseOrThrow("the preferences", (fault) => checkClosedDocument(bulkPreferencesSchema(), body, fault));
  const preferences = (value?.preferences ?? {}) as JsonObject;
  const { __persistence_strategy__: _strategy, id = "default", ...set } = preferences;
  return { ids, setId: String(id), set };
}
