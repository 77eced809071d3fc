import type { StoredSubscription } from "../../domain/recipient/subscription.js";
import { isJsonObject } from "../../util/json.js";
import { decodeFields, describeTable, selectColumns, sumBytes } from "./table.js";

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

export type SubscriptionRow = typeof SUBSCRIPTIONS.row;

/** The columns to select in `FROM subscriptions s`. */
export const SUBSCRIPTION_COLUMNS = selectColumns(SUBSCRIPTIONS, "s");

/** The bytes of a subscription in `FROM subscriptions s`. */
export const SUBSCRIPTION_BYTES = sumBytes(SUBSCRIPTIONS, "s");

export const toStoredSubscription = (row: SubscriptionRow): StoredSubscription => decodeFields(SUBSCRIPTIONS, row, {});
