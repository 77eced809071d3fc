import type { ApiCase } from "../../../../helpers/api-case.js";
import { FEED_CASES, RUN_CASES } from "./feeds-and-runs-cases.js";
import { GUIDE_CASES } from "./guides-cases.js";
import { MESSAGE_CASES } from "./messages-cases.js";
import { PREFERENCE_CASES } from "./preferences-cases.js";
import { CHANNEL_DATA_CASES, RECIPIENT_CASES } from "./recipients-cases.js";
import { CANCEL_CASES, IDEMPOTENCY_CASES, TRIGGER_CASES } from "./trigger-cases.js";

/** The cases of the public API, which servers of a shared store also pass, by section of docs/internals/catalog/api-cases.md. */
export const PUBLIC_API_CASES: Record<string, ApiCase[]> = {
  "trigger (api-cases, section 2)": TRIGGER_CASES,
  "idempotency (api-cases, section 3)": IDEMPOTENCY_CASES,
  "cancel (api-cases, section 4)": CANCEL_CASES,
  "users, objects, tenants (api-cases, section 5)": RECIPIENT_CASES,
  "channel data (api-cases, section 6)": CHANNEL_DATA_CASES,
  "preferences (api-cases, section 7)": PREFERENCE_CASES,
  "messages and statuses (api-cases, section 8)": MESSAGE_CASES,
  "feed (api-cases, section 9)": FEED_CASES,
  "schedules, runs, others (api-cases, section 10)": RUN_CASES,
  "in-app guides": GUIDE_CASES,
};
