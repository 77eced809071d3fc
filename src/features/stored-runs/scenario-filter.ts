import { type DataFilter, PersonalDataFilter } from "../../comparison/personal-data-filter.js";
import { collectPersonalValues } from "../../comparison/personal-values.js";
import type { RecordedHistory } from "../../comparison/recorded-history.js";
import { type RecipientUpsert, splitRecipientKey } from "../../domain/recipient/recipient.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
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

interface FilterOptions {
  /** The ID of the run. */
  id: string;
  attempt: number;
  keepsPersonalData: boolean;
  /** The workflow. IDs that its files name are public, and have to be the same in the scenario. */
  files: Workflow;
}

/** Returns all texts of a value. */
function* listTexts(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const child of Object.values(value)) yield* listTexts(child);
}

/**
 * Returns a filter that replaces personal data and secrets, or secrets only. The same run always gets the same pseudonyms, and each
 * attempt others. The ID is their key, so a scenario with pseudonyms must not contain it.
 */
export function createScenarioFilter(
  history: RecordedHistory,
  recipients: readonly RecipientUpsert[],
  { id, attempt, keepsPersonalData, files }: FilterOptions,
): DataFilter {
  const keys = new Set([
    ...history.triggers.flatMap(({ trigger }) => collectRecipientKeys(trigger)),
    ...recipients.map(({ key }) => key),
  ]);
  const values = collectPersonalValues(keys, recipients, listData(history));
  const ids = new Set([...keys].map((key) => splitRecipientKey(key).id));
  const named = new Set([...listTexts(files)].filter((text) => ids.has(text)));
  const replaced = values.filter(({ kind, text }) => (keepsPersonalData ? kind === "token" : !named.has(text)));
  return new PersonalDataFilter(replaced, Buffer.from(computeDigest(`${id} ${attempt}`)), !keepsPersonalData);
}
