import { statSync } from "node:fs";
import { join } from "node:path";
import { parsePo } from "../domain/template/parse-po.js";
import { parseTranslationFile } from "../domain/template/parse-translation-file.js";
import { type TranslationFile, Translations } from "../domain/template/translation.js";
import { KnockError } from "../errors/knock-error.js";
import { type ProjectFile, readProjectJson, readProjectText } from "./read-project-text.js";
import { locateIn, type OnInvalid, parseDocument, readEach } from "./read-resource.js";

interface TranslationsFolder {
  /** The folder `translations`. */
  folder: string;
  displayPath(path: string): string;
  /** Returns the names in a folder; none if it does not exist. */
  listNames(folder: string): string[];
  onInvalid?: OnInvalid | undefined;
}

interface LocaleFile extends ProjectFile {
  name: string;
  locale: string;
}

/** Returns the files of all locales. Hidden files and other extensions are ignored. */
function* listLocaleFiles({ folder, displayPath, listNames }: TranslationsFolder): Generator<LocaleFile> {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  for (const locale of listNames(folder).sort()) {
    const inside = join(folder, locale);
    if (locale.startsWith(".") || !isFolder(inside)) continue;
    for (const name of listNames(inside).sort()) {
      const path = join(inside, name);
      if (name.startsWith(".") || !/\.(json|po)$/.test(name) || isFolder(path)) continue;
      yield { name, locale, path, displayPath: displayPath(path) };
    }
  }
}

/**
 * Reads all of `translations/<locale>/*.json` and `*.po`. Throws `project_invalid` with the location, and also if two files
 * have the same reference (F-035 to F-038).
 */
export async function readTranslations(options: TranslationsFolder): Promise<Translations> {
  const fileByName = new Map<string, string>();
  const read = async (file: LocaleFile): Promise<TranslationFile> => {
    const { name, locale, path, displayPath } = file;
    const parse = (content: unknown): TranslationFile => parseTranslationFile(name, locale, content, displayPath);
    const parsed = name.endsWith(".po")
      ? parse(parsePo(readProjectText(path, displayPath), displayPath))
      : await parseDocument(await readProjectJson(path, displayPath), parse, {
          locate: locateIn(file),
          onInvalid: options.onInvalid,
        });
    const reference = name.replace(/\.(json|po)$/, "");
    const earlier = fileByName.get(reference);
    if (earlier !== undefined)
      throw new KnockError("project_invalid", `${displayPath}: ${earlier} contains the same translations`, {
        hint: "Delete one of the two files.",
      });
    fileByName.set(reference, displayPath);
    return parsed;
  };
  const { onInvalid } = options;
  return new Translations(await readEach(listLocaleFiles(options), read, { onInvalid, needsAll: true }));
}
