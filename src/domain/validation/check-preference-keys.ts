import { suggestNearest } from "../../util/find-nearest.js";
import { isJsonObject } from "../../util/json.js";
import type { CheckFinding } from "./check-finding.js";

/** The names that a preference set can contain. */
interface PreferenceNames {
  workflows: readonly string[];
  categories: readonly string[];
}

const KINDS = { workflows: "workflow", categories: "category" } as const;

/** Returns findings about workflows and categories in a preference set that no file defines. They have no effect. */
export function checkPreferenceKeys(set: unknown, names: PreferenceNames, path: PropertyKey[]): CheckFinding[] {
  if (!isJsonObject(set)) return [];
  return (["workflows", "categories"] as const).flatMap((field) => {
    const entries = set[field];
    if (!isJsonObject(entries)) return [];
    return Object.keys(entries).flatMap((key): CheckFinding[] => {
      if (names[field].includes(key)) return [];
      const message = `has no effect: there is no ${KINDS[field]} "${key}"${suggestNearest(key, names[field])}`;
      return [{ code: "unknown_preference_key", path: [...path, field, key], message }];
    });
  });
}

/** Returns the findings about the preference sets in a file of recipients. */
export function checkRecipientPreferences(document: unknown, names: PreferenceNames): CheckFinding[] {
  if (!isJsonObject(document)) return [];
  const checkSets = (sets: unknown, path: PropertyKey[]): CheckFinding[] =>
    isJsonObject(sets)
      ? Object.entries(sets).flatMap(([id, set]) => checkPreferenceKeys(set, names, [...path, id]))
      : [];
  return ["users", "objects", "tenants"].flatMap((list) => {
    const recipients = document[list];
    return (Array.isArray(recipients) ? recipients : []).flatMap((recipient, index) => {
      if (!isJsonObject(recipient)) return [];
      const path = [list, index];
      const settings = isJsonObject(recipient.settings) ? recipient.settings : {};
      return [
        ...checkSets(recipient.preferences, [...path, "preferences"]),
        ...checkPreferenceKeys(settings.preference_set, names, [...path, "settings", "preference_set"]),
      ];
    });
  });
}
