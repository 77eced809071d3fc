import { getValueAtPath, isJsonObject, type JsonObject } from "../../util/json.js";

/** The namespace of the texts in `{% t %}`. Their keys are the texts themselves (F-037). */
const SYSTEM_NAMESPACE = "system";
/** The locale that is used if neither the recipient nor environment.json names one. */
export const DEFAULT_LOCALE = "en";

/** One file of `translations/` (T-180, F-035, F-038). */
export interface TranslationFile {
  /** The name of the file in errors. */
  file: string;
  /** The locale, spelled as in the folder's name. */
  locale: string;
  namespace: string | null;
  tenant: string | null;
  /** The texts, which are Liquid, in nested objects. */
  content: JsonObject;
}

/** The locale and tenant for which a translation is looked up. */
export interface TranslationContext {
  /** The locale of the device, else of the recipient; null if neither has one. */
  locale: string | null;
  tenant: string | null;
  /** The account's default locale (T-185). */
  defaultLocale: string;
}

/** A translation with the file and key where it was found. */
export interface Translation {
  text: string;
  file: string;
  key: string;
}

/** Returns a locale in one spelling: `fr_BE` and `fr-be` are the same locale. */
export function normalizeLocale(locale: string): string {
  return locale.trim().replaceAll("_", "-").toLowerCase();
}

/** Returns a locale and its more general forms, such as `zh-hant-tw`, `zh-hant` and `zh`. */
function listParentLocales(locale: string): string[] {
  const parts = normalizeLocale(locale).split("-");
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join("-")).filter((name) => name !== "");
}

/** Returns the locales to try: the locale, its more general forms, then the default (T-184). */
function listFallbackLocales({ locale, defaultLocale }: TranslationContext): string[] {
  return [...new Set([...(locale === null ? [] : listParentLocales(locale)), ...listParentLocales(defaultLocale)])];
}

/**
 * Returns the value at a key. A property with exactly this name takes precedence over the path through nested objects.
 */
const findValueAt = (content: JsonObject, key: string): unknown =>
  Object.hasOwn(content, key) ? content[key] : getValueAtPath(content, key.split("."));

/** The translations of a project. */
export class Translations {
  private readonly filesByKey = new Map<string, TranslationFile>();
  private readonly namespaces = new Set<string>();

  constructor(readonly files: readonly TranslationFile[]) {
    for (const file of files) {
      this.filesByKey.set(this.buildFileKey(file.tenant, file.namespace, normalizeLocale(file.locale)), file);
      if (file.namespace !== null) this.namespaces.add(file.namespace);
    }
  }

  private buildFileKey(tenant: string | null, namespace: string | null, locale: string): string {
    return JSON.stringify([tenant, namespace, locale]);
  }

  /** Returns the files to search, in order: the tenant's files in all locales, then the shared files (T-184). */
  private listFiles(namespace: string | null, context: TranslationContext): TranslationFile[] {
    const owners = context.tenant === null ? [null] : [context.tenant, null];
    const locales = listFallbackLocales(context);
    return owners.flatMap((owner) =>
      locales.flatMap((locale) => this.filesByKey.get(this.buildFileKey(owner, namespace, locale)) ?? []),
    );
  }

  /** Returns whether a file of any locale and tenant has a text for `[namespace:]key`. */
  has(key: string): boolean {
    const [namespace, path] = this.splitNamespace(key.trim());
    return this.files.some((file) => file.namespace === namespace && findValueAt(file.content, path) !== undefined);
  }

  /** Returns the texts of `[namespace:]key` in each file that has the key: all forms of a plural, or one text. */
  listTexts(key: string): { texts: string[]; isPlural: boolean }[] {
    const [namespace, path] = this.splitNamespace(key.trim());
    return this.files.flatMap((file) => {
      const value = file.namespace === namespace ? findValueAt(file.content, path) : undefined;
      if (value === undefined) return [];
      const isPlural = isJsonObject(value);
      const texts = (isPlural ? Object.values(value) : [value]).filter((text) => typeof text === "string");
      return [{ texts, isPlural }];
    });
  }

  /** Returns the namespace of `[namespace:]key`; null if it has none. */
  getNamespace(key: string): string | null {
    return this.splitNamespace(key.trim())[0];
  }

  /** Splits `ns:a.b` if `ns` is a namespace. Otherwise the colon is a part of the key. */
  private splitNamespace(key: string): [namespace: string | null, key: string] {
    const colon = key.indexOf(":");
    const namespace = colon < 0 ? "" : key.slice(0, colon).trim();
    return this.namespaces.has(namespace) ? [namespace, key.slice(colon + 1).trim()] : [null, key];
  }

  /**
   * Returns the text of `[namespace:]key`, or null. Each key falls back separately, as if all files were merged (T-181,
   * T-184). If the value is a map, `count` selects the form: 0 is `zero`, 1 is `one`, and any other count or a missing
   * form is `other` (T-183).
   */
  find(key: string, count: number | null, context: TranslationContext): Translation | null {
    const [namespace, path] = this.splitNamespace(key.trim());
    return this.findIn(namespace, path, count, context);
  }

  /** Returns the translation of a text that is its own key, or null (T-187). */
  findText(text: string, context: TranslationContext): Translation | null {
    return this.findIn(SYSTEM_NAMESPACE, text, null, context);
  }

  private findIn(
    namespace: string | null,
    key: string,
    count: number | null,
    context: TranslationContext,
  ): Translation | null {
    const maps: { value: JsonObject; file: string }[] = [];
    for (const { content, file } of this.listFiles(namespace, context)) {
      const value = findValueAt(content, key);
      if (typeof value === "string") {
        if (maps.length === 0) return { text: value, file, key };
        break; // the text is hidden by a map in an earlier file
      }
      if (isJsonObject(value)) maps.push({ value, file });
    }
    if (maps.length === 0 || count === null) return null;
    for (const form of [...(count === 0 ? ["zero"] : count === 1 ? ["one"] : []), "other"]) {
      for (const { value, file } of maps) {
        const text = Object.hasOwn(value, form) ? value[form] : undefined;
        if (typeof text === "string") return { text, file, key: `${key}.${form}` };
      }
    }
    return null;
  }
}
