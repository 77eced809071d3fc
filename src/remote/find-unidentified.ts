import {
  type RecipientKey,
  splitRecipientKey,
  toRecipientKey,
  toRecipientReference,
  USERS,
} from "../domain/recipient/recipient.js";
import type { RecipientOutcome } from "../domain/run/outcome.js";
import { encodePathSegment } from "../domain/trigger/api-request.js";
import type { ApiClient } from "./api-client.js";
import { nullIfMissing } from "./read-run-detail.js";

/** Maximum number of recipients that are looked up: each takes a request, and the API limits their rate. */
const MAX_LOOKUPS = 50;

/**
 * Returns outcomes for recipients without a run that the API does not know: a trigger accepts them and starts no run (E-043).
 * Recipients that exist have no outcome, because their runs may only be late. Throws what the API client throws.
 */
export async function findUnidentifiedOutcomes(
  client: ApiClient,
  namedRecipients: readonly RecipientKey[],
  outcomes: readonly RecipientOutcome[],
  signal?: AbortSignal,
): Promise<RecipientOutcome[]> {
  const known = new Set(outcomes.map(({ recipient }) => toRecipientKey(recipient)));
  const missing = [...new Set(namedRecipients)].filter((key) => !known.has(key));
  const entries: RecipientOutcome[] = [];
  for (const key of missing.slice(0, MAX_LOOKUPS)) {
    const { collection, id } = splitRecipientKey(key);
    const path =
      collection === USERS
        ? `/v1/users/${encodePathSegment(id)}`
        : `/v1/objects/${encodePathSegment(collection)}/${encodePathSegment(id)}`;
    if ((await nullIfMissing(client.call("GET", path, { signal }))) !== null) continue;
    entries.push({
      recipient: toRecipientReference(key),
      recipient_run_id: null,
      status: null,
      steps: [],
      reason: { code: "recipient_not_found", detail: null },
    });
  }
  return entries;
}
