import { normalizeLocale, type TranslationFile } from "../domain/template/translation.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { findNearest } from "../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

const PLURAL_FORMS = new Set(["zero", "one", "two", "few", "many", "other"]);
/** The plural forms that are ever shown (T-183). */
const SHOWN_FORMS = ["zero", "one", "other"];

/** A text, or the forms of a plural. */
interface Translation {
  path: string[];
  value: Json;
}

/** Returns the translations by key. The forms of a plural are one translation. */
function listTranslations(content: JsonObject, path: string[] = []): [key: string, Translation][] {
  return Object.entries(content).flatMap(([name, value]): [string, Translation][] => {
    const below = [...path, name];
    if (!isJsonObject(value) || Object.keys(value).every((form) => PLURAL_FORMS.has(form)))
      return [[below.join("."), { path: below, value }]];
    return listTranslations(value, below);
  });
}

/** Returns the keys of the texts in all files, as templates write them. */
export const listTranslationKeys = (files: readonly TranslationFile[]): string[] => [
  ...new Set(
    files.flatMap(({ namespace, content }) =>
      listTranslations(content).map(([key]) => (namespace === null ? key : `${namespace}:${key}`)),
    ),
  ),
];

interface CheckedFile {
  file: string;
  locale: string;
  namespace: string | null;
  texts: ReadonlyMap<string, Translation>;
}

const getLanguage = (locale: string): string => normalizeLocale(locale).split("-")[0] ?? "";

/**
 * Returns the files of each namespace, with the default locale's files first. Files of tenants, and of a region such as
 * `de-AT` next to `de` or to another default locale of the language, contain only differences, so they are not checked.
 */
function groupFiles(files: readonly TranslationFile[], defaultLocale: string): CheckedFile[][] {
  const shared = files.filter(({ tenant }) => tenant === null);
  const language = getLanguage(defaultLocale);
  const groups = new Map<string | null, CheckedFile[]>();
  for (const { file, locale, namespace, content } of shared) {
    const own = getLanguage(locale);
    const isOfOtherDefault = own === language && normalizeLocale(locale) !== normalizeLocale(defaultLocale);
    const isBesideGeneral = shared.some((other) => other.namespace === namespace && other.locale === own);
    if (normalizeLocale(locale) !== own && (isBesideGeneral || isOfOtherDefault)) continue;
    const group = groups.get(namespace) ?? [];
    const checked = { file, locale, namespace, texts: new Map(listTranslations(content)) };
    if (own === language) group.unshift(checked);
    else group.push(checked);
    groups.set(namespace, group);
  }
  return [...groups.values()];
}

/** Returns whether a language has a form of its own for 1. */
function distinguishesOne(locale: string): boolean {
  try {
    return new Intl.PluralRules(getLanguage(locale)).select(1) === "one";
  } catch {
    return true; // not a language
  }
}

/**
 * Returns the missing forms of a plural: forms of the default locale, which would be shown instead, and forms of its
 * language that another locale uses.
 */
function listMissingForms(key: string, { locale, texts }: CheckedFile, files: readonly CheckedFile[]): string[] {
  const value = texts.get(key)?.value;
  if (!isJsonObject(value)) return [];
  const [standard, ...others] = files.map((file) => {
    const other = file.texts.get(key)?.value;
    return isJsonObject(other) ? Object.keys(other) : [];
  });
  const expected = ["other", ...(standard ?? [])];
  if (others.some((forms) => forms.includes("one")) && distinguishesOne(locale)) expected.push("one");
  return SHOWN_FORMS.filter((form) => expected.includes(form) && !Object.hasOwn(value, form)).map(
    (form) => `${key}.${form}`,
  );
}

const MAX_LISTED_KEYS = 5;

/** Returns a finding for each translation file that lacks texts, or forms of plurals, of the same file in another locale. */
export function checkTranslations(files: readonly TranslationFile[], defaultLocale: string): LocatedFinding[] {
  return groupFiles(files, defaultLocale).flatMap((group) =>
    group.flatMap((file): LocatedFinding[] => {
      const keys = new Set(group.flatMap(({ texts }) => [...texts.keys()]));
      const missing = [...keys].flatMap((key) => (file.texts.has(key) ? listMissingForms(key, file, group) : [key]));
      if (missing.length === 0) return [];
      const more = missing.length > MAX_LISTED_KEYS ? ` and ${missing.length - MAX_LISTED_KEYS} more` : "";
      const message = `${file.locale}: no translation of ${missing.slice(0, MAX_LISTED_KEYS).join(", ")}${more}`;
      return [{ code: "missing_translation", message, file: file.file, line: 1, column: 1, pointer: "" }];
    }),
  );
}

/**
 * Returns a finding for each language without a file of a used namespace, although it has other files. `used` are the namespaces that
 * templates use; null is that of the files without one.
 */
export function checkNamespaces(
  files: readonly TranslationFile[],
  defaultLocale: string,
  used: ReadonlySet<string | null>,
): LocatedFinding[] {
  const groups = groupFiles(files, defaultLocale);
  const locales = new Map(groups.flat().map(({ locale }) => [getLanguage(locale), locale]));
  return groups.flatMap((group): LocatedFinding[] => {
    const [first] = group;
    if (first === undefined || !used.has(first.namespace)) return [];
    const { namespace, file } = first;
    const own = group.map(({ locale }) => getLanguage(locale));
    return [...locales].flatMap(([language, locale]) => {
      if (own.includes(language)) return [];
      const name = `${locale}/${namespace === null ? "" : `${namespace}.`}${locale}.json`;
      const message = `${locale}: no translation of this file; add translations/${name}`;
      return [{ code: "missing_translation", message, file, line: 1, column: 1, pointer: "" }];
    });
  });
}

/** Returns the variables that are neither in a list nor a part of a variable in it, or the other way around. */
const findOthers = (names: readonly string[], list: readonly string[]): string[] =>
  names.filter(
    (name) => !list.some((other) => `${name}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${name}.`)),
  );

/** Returns findings for translations whose variables differ from those in the default locale, by the file. */
export function checkTranslationVariables(
  files: readonly TranslationFile[],
  defaultLocale: string,
  readVariables: (text: string) => string[],
): { file: string; findings: CheckFinding[] }[] {
  const listVariables = (value: Json): string[] =>
    (isJsonObject(value) ? Object.values(value) : [value]).flatMap((text) => readVariables(String(text)));
  return groupFiles(files, defaultLocale).flatMap(([standard, ...others]) =>
    others.map(({ file, texts }) => ({
      file,
      findings: [...texts].flatMap(([key, { path, value }]): CheckFinding[] => {
        const expected = standard?.texts.get(key);
        if (standard === undefined || expected === undefined) return [];
        const [own, wanted] = [listVariables(value), listVariables(expected.value)];
        const missing = findOthers(wanted, own);
        const [added] = findOthers(own, wanted);
        const near = added === undefined ? undefined : findNearest(added, missing);
        if (added === undefined && missing.length === 0) return [];
        const message =
          added === undefined
            ? `does not use ${missing[0]}, which ${standard.locale} uses`
            : `uses ${added}, which ${standard.locale} does not use${near === undefined ? "" : `; did you mean "${near}"?`}`;
        return [{ code: "missing_translation", path, message }];
      }),
    })),
  );
}
