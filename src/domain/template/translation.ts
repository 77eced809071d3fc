import type { JsonObject } from "../../util/json.js";

/** The namespace of what `{% t %}` looks up, keyed by the text itself (F-037). */
const SYSTEM_NAMESPACE = "system";
/** Where neither the recipient nor environment.json names one. */
export const DEFAULT_LOCALE = "en";

/** One file of `translations/` (T-180, F-035, F-038). */
export interface TranslationFile {
  /** How errors name it. */
  file: string;
  /** As its folder is named. */
  locale: string;
  namespace: string | null;
  tenant: string | null;
  /** Texts, Liquid themselves, in nested objects. */
  content: JsonObject;
}

/** Whose translation is looked for. */
export interface TranslationContext {
  /** Of the device, else the recipient; null where neither has one. */
  locale: string | null;
  tenant: string | null;
  /** The account's (T-185). */
  defaultLocale: string;
}

/** A found text with where it stands. */
export interface Translation {
  text: string;
  file: string;
  key: string;
}

/** `fr_BE` and `fr-be` name one locale. */
function normalizeLocale(locale: string): string {
  return locale.trim().replaceAll("_", "-").toLowerCase();
}

/** `zh-Hant-TW` → itself, `zh-hant`, `zh`. */
function listParentLocales(locale: string): string[] {
  const parts = normalizeLocale(locale).split("-");
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join("-")).filter((name) => name !== "");
}

/** Region, language, default (T-184). */
function listFallbackLocales({ locale, defaultLocale }: TranslationContext): string[] {
  return [...new Set([...(locale === null ? [] : listParentLocales(locale)), ...listParentLocales(defaultLocale)])];
}

/** What stands at a key: one property of that very name, else a path through nested objects. */
function findValueAt(content: JsonObject, key: string): unknown {
  if (Object.hasOwn(content, key)) return content[key];
  let value: unknown = content;
  for (const part of key.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

/** A project's translations, to look up in. */
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

  /** The files to look in, first ones first: the tenant's along the whole chain, then everyone's (T-184). */
  private listFiles(namespace: string | null, context: TranslationContext): TranslationFile[] {
    const owners = context.tenant === null ? [null] : [context.tenant, null];
    const locales = listFallbackLocales(context);
    return owners.flatMap((owner) =>
      locales.flatMap((locale) => this.filesByKey.get(this.buildFileKey(owner, namespace, locale)) ?? []),
    );
  }

  /** `ns:a.b` is `a.b` of a namespace that there is; a colon may also belong to the key itself. */
  private splitNamespace(key: string): [namespace: string | null, key: string] {
    const colon = key.indexOf(":");
    const namespace = colon < 0 ? "" : key.slice(0, colon).trim();
    return this.namespaces.has(namespace) ? [namespace, key.slice(colon + 1).trim()] : [null, key];
  }

  /**
   * The text of `[namespace:]key` (T-181, T-184), each key falling back by itself as if all files were merged. Where the
   * value is a map, `count` picks of it: 0 is `zero`, 1 is `one`, all else and what is missing is `other` (T-183). Null
   * where there is none.
   */
  find(key: string, count: number | null, context: TranslationContext): Translation | null {
    const [namespace, path] = this.splitNamespace(key.trim());
    return this.findIn(namespace, path, count, context);
  }

  /** The translation of a text that is its own key (T-187). */
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
        break; // a map over a text hides it
      }
      if (typeof value === "object" && value !== null) maps.push({ value: value as JsonObject, file });
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
