import type { UserChange } from "../../domain/audience/audience.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { StoredSubscription, Subscription } from "../../domain/recipient/subscription.js";
import { isJsonObject } from "../../util/json.js";
import { stringify } from "./json-column.js";
import { decodeFields, describeTable, type RowOf, selectColumns, sumBytes } from "./table.js";
import { isPreferences } from "./value-checks.js";

const decodeUnlessEmpty = (text: string | null): object => (text === null ? {} : JSON.parse(text));

export const RECIPIENTS = describeTable<Recipient>()(
  "recipients",
  { row: "bigint" },
  {
    key: { type: "text" },
    properties: { type: "json", isMutable: true, check: isJsonObject },
    preferences: {
      type: "json?",
      isMutable: true,
      encode: ({ preferences }) => toJsonUnlessEmpty(preferences),
      decode: decodeUnlessEmpty,
      check: isPreferences,
    },
    preference_origins: {
      type: "json?",
      isMutable: true,
      encode: ({ preference_origins = {} }) => toJsonUnlessEmpty(preference_origins),
      decode: decodeUnlessEmpty,
      check: isPreferences,
    },
    channel_data: {
      type: "json?",
      isMutable: true,
      encode: ({ channel_data }) => toJsonUnlessEmpty(channel_data),
      decode: decodeUnlessEmpty,
      check: isPreferences,
    },
    inserted_at: { type: "bigint" },
    updated_at: { type: "bigint", isMutable: true },
  },
);

export type RecipientRow = RowOf<typeof RECIPIENTS>;

/** The columns to select in `FROM recipients r`, without the row. */
export const RECIPIENT_COLUMNS = selectColumns(RECIPIENTS, "r", ["row"]);

/** The bytes of a recipient in `FROM recipients r`. */
export const RECIPIENT_BYTES = sumBytes(RECIPIENTS, "r");

export const toRecipient = (row: Omit<RecipientRow, "row">): Recipient => decodeFields(RECIPIENTS, row, {});

/** Returns the next subscribers of an object from up to one row more than the limit, and the row to continue after. */
export function toSubscribers(
  rows: readonly SubscriptionRow[],
  limit: number,
): { items: Subscription[]; next: number | null } {
  const page = rows.slice(0, limit);
  const items = page
    .map(toStoredSubscription)
    .map(({ object, recipient, properties }) => ({ object, recipient, properties }));
  return { items, next: rows.length > limit ? (page.at(-1)?.row ?? null) : null };
}

export interface UserChangeRow {
  row: number;
  user: RecipientKey;
  audience: string | null;
  tenant: string | null;
  before: string | null;
  after: string | null;
  at: number;
  depth: number;
}

/** The columns to select in `FROM user_changes`. */
export const USER_CHANGE_COLUMNS = 'row, "user", audience, tenant, "before", "after", at, depth';

export function toUserChange({ row: id, user, audience, tenant, before, after, at, depth }: UserChangeRow): UserChange {
  const change = { id, user, at, depth };
  if (audience !== null) return { ...change, audience, tenant };
  return { ...change, audience, before: before === null ? null : JSON.parse(before), after: JSON.parse(after ?? "{}") };
}

/** Returns a value as JSON text; null if it is empty, because most recipients have no preferences and no channel data. */
function toJsonUnlessEmpty(value: object): string | null {
  const text = stringify(value);
  return text === "{}" ? null : text;
}

export const SUBSCRIPTIONS = describeTable<StoredSubscription>()(
  "subscriptions",
  { row: "bigint" },
  {
    object: { type: "text" },
    recipient: { type: "text" },
    properties: { type: "json", isMutable: true, check: isJsonObject },
    inserted_at: { type: "bigint" },
    updated_at: { type: "bigint", isMutable: true },
  },
);

export type SubscriptionRow = RowOf<typeof SUBSCRIPTIONS>;

/** The columns to select in `FROM subscriptions s`. */
export const SUBSCRIPTION_COLUMNS = selectColumns(SUBSCRIPTIONS, "s");

/** The bytes of a subscription in `FROM subscriptions s`. */
export const SUBSCRIPTION_BYTES = sumBytes(SUBSCRIPTIONS, "s");

export const toStoredSubscription = (row: SubscriptionRow): StoredSubscription => decodeFields(SUBSCRIPTIONS, row, {});
