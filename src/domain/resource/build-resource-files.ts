import { isJsonObject, type Json, type JsonObject, stableStringify } from "../../util/json.js";
import { type ExtractionSettings, isDescended, listExtractableFields } from "./extractable-fields.js";
import { isEqualDocument, normalizeLineEnds } from "./is-equal-document.js";
import { getResourceType, getSchemaUrl, listStoredReadonlyFields, type ResourceType } from "./resource-types.js";

/** The files of a resource's folder, by path with slashes. */
export type ResourceFiles = ReadonlyMap<string, string>;

/** A resource's folder as it is: the main file's JSON with its references, and the texts of all files that it refers to. */
export interface LocalResource {
  raw: JsonObject;
  /** The content with all texts inline. */
  content: JsonObject;
  files: ResourceFiles;
}

interface ResourceToWrite {
  type: ResourceType;
  content: JsonObject;
  /** The read-only fields of the resource; those that main files contain are written. */
  readonly: JsonObject;
  /** The folder as it is; null for a new resource. */
  local: LocalResource | null;
}

/** The path to a value within a resource. A step is its ref, because steps move. */
type ValuePath = readonly (string | number)[];

/**
 * Returns the files of a resource whose kind has main files. References, line ends, byte order marks and the order of keys stay
 * as they are in the folder, and files of an unchanged resource stay as they are (CLI-323 to CLI-331).
 */
export function buildResourceFiles({ type, content, readonly, local }: ResourceToWrite): ResourceFiles {
  const mainFile = getResourceType(type).mainFile as string;
  const stored = pickStored(type, readonly, local);
  const isUnchanged =
    local !== null &&
    isEqualDocument(local.content, content) &&
    JSON.stringify(local.raw.__readonly ?? null) === JSON.stringify(stored);
  if (isUnchanged) return local.files;
  const files = new Map<string, string>();
  const builder = new FilesBuilder(type, local, files);
  const main = builder.extract(content, { local: local?.raw, path: [], folder: "", step: null }) as JsonObject;
  const document: JsonObject = { ...main };
  if (stored !== null) document.__readonly = stored;
  // A change of other files only must not change the main file.
  const isMainUnchanged = local !== null && stableStringify(local.raw) === stableStringify(document);
  const $schema = local?.raw.$schema ?? getSchemaUrl(type);
  if ($schema !== null && !isMainUnchanged) document.$schema = $schema;
  builder.writeJson(mainFile, document, local?.raw);
  return files;
}

/** Returns the read-only fields for the main file. A folder that names none gets none. */
function pickStored(type: ResourceType, readonly: JsonObject, local: LocalResource | null): JsonObject | null {
  if (local !== null && !isJsonObject(local.raw.__readonly)) return null;
  const known = local === null ? {} : (local.raw.__readonly as JsonObject);
  const stored: JsonObject = { ...known };
  for (const field of listStoredReadonlyFields(type))
    if (readonly[field] !== undefined) stored[field] = readonly[field];
  return stored;
}

export const formatJson = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`;

/** Returns an object with the keys of another first, in its order, at every level. Items of lists are compared by place. */
function orderLike(model: Json | undefined, value: Json): Json {
  if (Array.isArray(value)) {
    const models = Array.isArray(model) ? model : [];
    return value.map((item, index) => orderLike(models[index], item));
  }
  if (!isJsonObject(value)) return value;
  const known = isJsonObject(model) ? model : {};
  const ordered: JsonObject = {};
  for (const key of [...Object.keys(known), ...Object.keys(value)])
    if (Object.hasOwn(value, key)) ordered[key] = orderLike(known[key], value[key] as Json);
  return ordered;
}

interface ExtractionPlace {
  /** The same value in the folder, with its references. */
  local: Json | undefined;
  path: ValuePath;
  /** The folder of the file that contains the value, with a slash at its end; references are relative to it. */
  folder: string;
  /** The ref of the step that contains the value. */
  step: string | null;
}

class FilesBuilder {
  constructor(
    private readonly type: ResourceType,
    private readonly local: LocalResource | null,
    private readonly files: Map<string, string>,
  ) {}

  /** Adds a file. A file with the same text stays as it is, and a changed one keeps its line ends and byte order mark. */
  write(path: string, text: string): void {
    const before = this.local?.files.get(path);
    this.files.set(path, before === undefined ? text : formatLike(before, text));
  }

  /** Adds a JSON file. A file with an equal value stays as it is; `before` is that value. */
  writeJson(path: string, value: Json, before: Json | undefined): void {
    const text = this.local?.files.get(path);
    if (text !== undefined && before !== undefined && stableStringify(before) === stableStringify(value))
      this.files.set(path, text);
    else this.write(path, formatJson(orderLike(before, value)));
  }

  /** Returns a value in which texts are replaced by references, and adds the files of these texts. */
  extract(value: Json, place: ExtractionPlace): Json {
    if (Array.isArray(value)) return value.map((item, index) => this.extractItem(item, index, place));
    if (!isJsonObject(value)) return value;
    const local = isJsonObject(place.local) ? place.local : undefined;
    const fields = listExtractableFields(this.type, value);
    const extracted: JsonObject = {};
    for (const [field, child] of Object.entries(value)) {
      const settings = fields.get(field);
      const reference = settings && this.chooseFile(field, settings, local, place);
      if (reference !== undefined) {
        extracted[`${field}@`] = reference;
        this.writeField(field, child, reference, place);
      } else
        extracted[field] = isDescended(field)
          ? this.extract(child, { ...place, local: local?.[field], path: [...place.path, field] })
          : child;
    }
    return extracted;
  }

  private extractItem(item: Json, index: number, place: ExtractionPlace): Json {
    const ref = isJsonObject(item) && place.path.at(-1) === "steps" && typeof item.ref === "string" ? item.ref : null;
    const locals = Array.isArray(place.local) ? place.local : [];
    const local =
      ref === null ? locals[index] : locals.find((candidate) => isJsonObject(candidate) && candidate.ref === ref);
    return ref === null
      ? this.extract(item, { ...place, local, path: [...place.path, index] })
      : this.extract(item, { ...place, local, path: [], step: ref });
  }

  /** Returns the reference for a field, relative to the file that contains it; undefined if the field stays inline. */
  private chooseFile(
    field: string,
    settings: ExtractionSettings,
    local: JsonObject | undefined,
    { path, folder, step }: ExtractionPlace,
  ): string | undefined {
    const known = local?.[`${field}@`];
    if (typeof known === "string" && !this.files.has(joinPath(folder, known))) return known;
    if (!settings.default || (local !== undefined && Object.hasOwn(local, field))) return undefined;
    const full = formatExtractedPath([...path, field], settings.file_ext, step);
    const chosen = full.startsWith(folder) ? full.slice(folder.length) : full;
    return this.makeUnique(folder, chosen);
  }

  private makeUnique(folder: string, path: string): string {
    let unique = path;
    for (let number = 2; this.files.has(joinPath(folder, unique)); number++)
      unique = path.replace(/(\.\w+)$/, `_${number}$1`);
    return unique;
  }

  private writeField(field: string, value: Json, reference: string, place: ExtractionPlace): void {
    const file = joinPath(place.folder, reference);
    if (typeof value === "string") return this.write(file, value);
    // The blocks of a visual email are JSON in a file of their own, whose texts may be in further files (CLI-325).
    const nested = this.readNested(file);
    this.files.set(file, "");
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const blocks = this.extract(value, { ...place, local: nested, path: [...place.path, field], folder });
    this.writeJson(file, blocks, nested);
  }

  private readNested(file: string): Json | undefined {
    const text = this.local?.files.get(file);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
    } catch {
      return undefined;
    }
  }
}

const joinPath = (folder: string, path: string): string => folder + path.replace(/^\.\//, "");

/** Returns a name as a part of a path. Names come from the account, and must not leave the resource's folder. */
const toFileName = (name: string): string => name.replaceAll(/[^\w.-]/g, "_").replace(/^\.+/, "_");

/**
 * Returns the default path of a field's file: the step's ref, then the path without `template`. The number of a list item, from
 * 1, is put before the next name (CLI-326).
 */
function formatExtractedPath(path: ValuePath, extension: string, step: string | null): string {
  const names: string[] = step === null ? [] : [toFileName(step)];
  let numbers: number[] = [];
  for (const [index, part] of path.entries()) {
    if (typeof part === "number") numbers.push(part + 1);
    else if (!(step !== null && index === 0 && path.length > 1)) {
      names.push([...numbers, toFileName(part)].join("."));
      numbers = [];
    }
  }
  return `${names.join("/")}.${extension}`.toLowerCase();
}

/** Returns a text with the line ends and the byte order mark of the text before. */
export function formatLike(before: string, text: string): string {
  if (normalizeLineEnds(before.replace(/^\uFEFF/, "")) === normalizeLineEnds(text)) return before;
  const usesCrlf = before.includes("\r\n") && !/[^\r]\n/.test(before);
  const lines = usesCrlf ? normalizeLineEnds(text).replaceAll("\n", "\r\n") : text;
  return before.startsWith("\uFEFF") ? `\uFEFF${lines}` : lines;
}
