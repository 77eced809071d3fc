import { type DataFilter, PersonalDataFilter } from "../../comparison/personal-data-filter.js";
import { collectPersonalValues } from "../../comparison/personal-values.js";
import type { RecordedHistory } from "../../comparison/recorded-history.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import { computeDigest } from "../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Returns all data of a history that did not come from the recipients. */
function listData({ triggers, events, requests }: RecordedHistory): JsonObject[] {
  return [
    ...triggers.flatMap(({ trigger }) => [
      trigger.data,
      ...trigger.recipients.flatMap(({ trigger_data }) => (trigger_data === null ? [] : [trigger_data])),
    ]),
    ...events.map(({ occurred }) => occurred.event),
    ...requests.flatMap(({ response }) => ("body" in response && isJsonObject(response.body) ? [response.body] : [])),
  ];
}

/**
 * Returns a filter that replaces personal data and secrets, or secrets only. The same run always gets the same pseudonyms, and each
 * attempt others. The ID is their key, so a scenario with pseudonyms must not contain it.
 */
export function createScenarioFilter(
  history: RecordedHistory,
  recipients: readonly RecipientUpsert[],
  { id, attempt, keepsPersonalData }: { id: string; attempt: number; keepsPersonalData: boolean },
): DataFilter {
  const keys = new Set([
    ...history.triggers.flatMap(({ trigger }) => collectRecipientKeys(trigger)),
    ...recipients.map(({ key }) => key),
  ]);
  const values = collectPersonalValues(keys, recipients, listData(history));
  const replaced = keepsPersonalData ? values.filter(({ kind }) => kind === "token") : values;
  return new PersonalDataFilter(replaced, Buffer.from(computeDigest(`${id} ${attempt}`)), !keepsPersonalData);
}
