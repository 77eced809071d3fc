import * as z from "zod/mini";
import type { Json, JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import { reportBelow } from "../findings/report-finding.js";
import { TENANTS } from "../recipient/recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { anyObject, rule } from "../schema/fields.js";
import { boundedList } from "../schema/lists.js";
import { checkRecipientTypes } from "./parse-recipient.js";
import { idSchema, recipientSchema } from "./recipient-schema.js";

/** Limits the rows of a bulk request. */
const MAX_ROWS = 1_000;
/** Limits the recipients in one object's subscriptions (E-065). */
const MAX_SUBSCRIBERS = 100;

type Row = JsonObject & { id: string };

/**
 * Returns the rows of a body. Throws `invalid_params` for an empty list and for more than 1,000 rows, so that nothing
 * is enqueued. Other keys of the body are ignored.
 */
function parseRows<T>(body: unknown, name: string, item: z.ZodMiniType<T>): T[] {
  const rows = boundedList(item, { max: MAX_ROWS, noun: "entries", emptyMessage: "must have at least one entry" });
  const value = parseOrThrow(`the ${name}`, (report) =>
    checkClosedDocument(z.looseObject({ [name]: rows }), body, report),
  );
  return value[name] ?? [];
}

const idsSchema = once(idSchema);

/** Returns the IDs that a body lists under a name. */
export function parseBulkIds(body: unknown, name: string): string[] {
  return parseRows(body, name, idsSchema());
}

const rowSchema = (collection: string) =>
  z
    .looseObject({ id: idSchema() })
    .check(rule((row, report) => checkRecipientTypes(row as JsonObject, collection, report)));

/**
 * Returns the recipients to set. A value whose type the API description does not allow fails the
 * request, and nothing is enqueued. All other errors in a row are reported for that row.
 */
export function parseBulkRecipients(body: JsonObject, name: string, collection: string): Row[] {
  const recipients = body[name];
  // A tenant may be given as an ID.
  const mayBeIds = collection === TENANTS && Array.isArray(recipients);
  const rows = mayBeIds ? recipients.map((row): Json => (typeof row === "string" ? { id: row } : row)) : recipients;
  return parseRows({ [name]: rows }, name, rowSchema(collection)) as Row[];
}

const subscriptionsSchema = once(() =>
  z.looseObject({
    id: idSchema(),
    recipients: boundedList(recipientSchema(), {
      max: MAX_SUBSCRIBERS,
      noun: "entries",
      emptyMessage: "must have at least one entry",
    }),
  }),
);

/** Returns the objects whose subscriptions change, each with its subscribers. */
export function parseBulkSubscriptions(body: unknown): (Row & { recipients: Json[] })[] {
  return parseRows(body, "subscriptions", subscriptionsSchema()) as (Row & { recipients: Json[] })[];
}

const bulkPreferencesSchema = once(() =>
  z.looseObject({
    preferences: anyObject().check(
      rule(({ id }, report) => {
        if (id !== undefined) checkClosedDocument(idSchema(), id, reportBelow(report, "id"));
      }),
    ),
  }),
);

/**
 * Returns the users and the preference set that all of them get. The set itself is checked by its own parser.
 */
export function parseBulkPreferences(body: unknown): { ids: string[]; setId: string; set: JsonObject } {
  const ids = parseBulkIds(body, "user_ids");
  const value = parseOrThrow("the preferences", (report) => checkClosedDocument(bulkPreferencesSchema(), body, report));
  const { __persistence_strategy__: _strategy, id = "default", ...set } = value.preferences;
  return { ids, setId: String(id), set };
}
