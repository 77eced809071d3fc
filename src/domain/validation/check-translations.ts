import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { TranslationFile } from "../template/translation.js";
import type { LocatedFinding } from "./located-finding.js";

const PLURAL_FORMS = new Set(["zero", "one", "two", "few", "many", "other"]);

/** Returns the keys of texts. The forms of a plural are one text, because locales have different forms. */
function listTextKeys(content: JsonObject, prefix = ""): string[] {
  return Object.entries(content).flatMap(([name, value]) => {
    const key = `${prefix}${name}`;
    if (!isJsonObject(value) || Object.keys(value).every((form) => PLURAL_FORMS.has(form))) return [key];
    return listTextKeys(value, `${key}.`);
  });
}

/** Returns the keys of the texts in all files, as templates write them. */
export const listTranslationKeys = (files: readonly TranslationFile[]): string[] => [
  ...new Set(
    files.flatMap(({ namespace, content }) =>
      listTextKeys(content).map((key) => (namespace === null ? key : `${namespace}:${key}`)),
    ),
  ),
];

const MAX_LISTED_KEYS = 5;

/**
 * Returns a finding for each translation file in which texts of the same file in another locale are missing. Files of
 * tenants and of regions such as `de-AT` contain only differences, so they are not checked.
 */
export function checkTranslations(files: readonly TranslationFile[]): LocatedFinding[] {
  const complete = files.filter(({ locale, tenant }) => tenant === null && !/[-_]/.test(locale));
  return complete.flatMap((file): LocatedFinding[] => {
    const own = new Set(listTextKeys(file.content));
    const others = complete.filter(({ namespace, locale }) => namespace === file.namespace && locale !== file.locale);
    const missing = [...new Set(others.flatMap(({ content }) => listTextKeys(content)))].filter((key) => !own.has(key));
    if (missing.length === 0) return [];
    const more = missing.length > MAX_LISTED_KEYS ? ` and ${missing.length - MAX_LISTED_KEYS} more` : "";
    const message = `${file.locale}: no translation of ${missing.slice(0, MAX_LISTED_KEYS).join(", ")}${more}`;
    return [{ code: "missing_translation", message, file: file.file, line: 1, column: 1, pointer: "" }];
  });
}
