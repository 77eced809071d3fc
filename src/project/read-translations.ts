import { statSync } from "node:fs";
import { join } from "node:path";
import { createDocumentError } from "../domain/findings/document-error.js";
import { parseTranslationId } from "../domain/resource/resource-document.js";
import { parsePo } from "../domain/template/parse-po.js";
import { parseTranslationFile } from "../domain/template/parse-translation-file.js";
import { type TranslationFile, Translations } from "../domain/template/translation.js";
import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import type { DocumentLayer } from "./document-layer.js";
import { type ProjectFile, readProjectJson, readProjectText } from "./read-project-text.js";
import { locateIn, type OnInvalid, parseDocument, readEach } from "./read-resource.js";

interface TranslationsFolder {
  /** The folder `translations`. */
  folder: string;
  displayPath(path: string): string;
  /** Returns the names in a folder; none if it does not exist. */
  listNames(folder: string): string[];
  onInvalid?: OnInvalid | undefined;
  /** Translations that take precedence over the files. */
  documents?: DocumentLayer | undefined;
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
  const { onInvalid, documents } = options;
  const limits = { onInvalid, needsAll: true };
  const files = [...listLocaleFiles(options)];
  if (documents === undefined) return new Translations(await readEach(files, read, limits));
  const found = await findDocuments(documents, files.map(getTranslationId));
  const ofFiles = await readEach(
    files.filter((file) => !found.has(getTranslationId(file))),
    read,
    limits,
  );
  const ofDocuments = [...found].flatMap(([id, document]) => (document === null ? [] : [{ id, document }]));
  return new Translations([...ofFiles, ...(await readEach(ofDocuments, parseTranslationDocument, limits))]);
}

const getTranslationId = ({ name }: LocaleFile): string => name.replace(/\.(json|po)$/, "");

/** Returns the documents that take the place of files, or that no file has; null for files that do not apply. */
async function findDocuments(documents: DocumentLayer, inFiles: readonly string[]): Promise<Map<string, Json>> {
  const found = new Map<string, Json>(inFiles.map((id) => [id, null]));
  for (const id of await documents.listIds("translation", inFiles)) {
    const document = await documents.find({ type: "translation", id });
    if (document === undefined) found.delete(id);
    else found.set(id, document);
  }
  return found;
}

/** Parses a translation as an account has it: a text in the format of a file (F-035, F-036). */
async function parseTranslationDocument({ id, document }: { id: string; document: Json }): Promise<TranslationFile> {
  const name = `translation "${id}"`;
  const { format, content } = document as JsonObject;
  const text = String(content ?? "");
  const { locale } = parseTranslationId(id);
  if (format === "po") return parseTranslationFile(`${id}.po`, locale, parsePo(text, name), name);
  const parsed = await parseJson(text);
  if ("value" in parsed) return parseTranslationFile(`${id}.json`, locale, parsed.value, name);
  const message = `is invalid JSON: ${parsed.error} at line ${parsed.line}, column ${parsed.column}`;
  throw createDocumentError("project_invalid", name, [{ pointer: "/content", message }], parsed.hint);
}
