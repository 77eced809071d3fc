import { statSync } from "node:fs";
import { join } from "node:path";
import { parsePo } from "../domain/template/parse-po.js";
import { parseTranslationFile } from "../domain/template/parse-translation-file.js";
import { type TranslationFile, Translations } from "../domain/template/translation.js";
import { KnockError } from "../errors/knock-error.js";
import { readProjectJson, readProjectText } from "./read-project-text.js";
import { withFileLocation } from "./read-resource.js";

interface TranslationsFolder {
  /** The folder `translations`. */
  folder: string;
  displayPath(path: string): string;
  /** Returns the names in a folder; none if it does not exist. */
  listNames(folder: string): string[];
}

/**
 * Reads all of `translations/<locale>/*.json` and `*.po`. Hidden files and other extensions are ignored. Throws
 * `project_invalid` with the location, and also if two files have the same reference (F-035 to F-038).
 */
export async function readTranslations({ folder, displayPath, listNames }: TranslationsFolder): Promise<Translations> {
  const files: TranslationFile[] = [];
  const fileByName = new Map<string, string>();
  for (const locale of listNames(folder).sort()) {
    const inside = join(folder, locale);
    if (locale.startsWith(".") || !statSync(inside, { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const name of listNames(inside).sort()) {
      const path = join(inside, name);
      if (
        name.startsWith(".") ||
        !/\.(json|po)$/.test(name) ||
        statSync(path, { throwIfNoEntry: false })?.isDirectory()
      )
        continue;
      const file = displayPath(path);
      const parsed = name.endsWith(".po")
        ? parseTranslationFile(name, locale, parsePo(readProjectText(path, file), file), file)
        : await withFileLocation({ path, displayPath: file }, async () =>
            parseTranslationFile(name, locale, await readProjectJson(path, file), file),
          );
      const reference = name.replace(/\.(json|po)$/, "");
      const earlier = fileByName.get(reference);
      if (earlier !== undefined)
        throw new KnockError("project_invalid", `${file}: ${earlier} contains the same translations`, {
          hint: "Delete one of the two files.",
        });
      fileByName.set(reference, file);
      files.push(parsed);
    }
  }
  return new Translations(files);
}
