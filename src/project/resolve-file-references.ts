import { readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { checkJsonShape } from "../domain/findings/check-json-shape.js";
import { createDocumentError } from "../domain/findings/document-error.js";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, toPointer } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { getErrorCode } from "../util/text-file.js";
import { isBelow, toSlashes } from "./format-display-path.js";
import { readProjectText } from "./read-project-text.js";

export interface ReferenceContext {
  /** Folder of the file that contains the reference: paths are relative to it (F-012). */
  from: string;
  /** The resource's folder, which no reference may leave (F-011). */
  resourceDir: string;
  /** The display path of the resource's main file. */
  displayPath: string;
  /** The kind of resource that the folder contains, for errors. */
  owner: "workflow" | "layout" | "partial" | "guide" | "message type" | "request" | "source" | "broadcast" | "audience";
  /** Files referenced so far. Each may be referenced only once (F-015). */
  referencedFiles: Set<string>;
  /** Receives the text of each file as it is, by its path. Values then keep their line ends. Absent for templates. */
  rawTexts?: Map<string, string>;
  /** Receives the display path of each text's file, by the text's pointer. */
  files?: Map<string, string>;
  /** Receives the error of a reference and the pointer of its value, which is then empty. Absent if errors are thrown. */
  onInvalid?(error: unknown, pointer: string): Promise<void>;
}

function createReferenceError(
  reference: ReferenceContext,
  path: PropertyKey[],
  value: unknown,
  problem: string,
  hint = "A reference is a relative path to a file in the same resource's folder.",
): KnockError {
  const message = `${problem}: ${JSON.stringify(value)}`;
  const detail = { pointer: toPointer(path), message, value };
  return createDocumentError("workflow_invalid", reference.displayPath, [detail], hint);
}

/** Returns a file's text with its byte order mark. The file was read before. */
export const readRawText = (path: string): string => readFileSync(path, "utf8");

interface ReferencedFile {
  text: string;
  displayPath: string;
}

function readReferencedFile(value: Json, path: PropertyKey[], reference: ReferenceContext): ReferencedFile {
  if (typeof value !== "string" || value === "")
    throw createReferenceError(reference, path, value, "must be a relative path");
  const target = join(reference.from, value);
  if (isAbsolute(value) || !isBelow(reference.resourceDir, target))
    throw createReferenceError(reference, path, value, `leaves the ${reference.owner}'s folder`);
  if (reference.referencedFiles.has(target)) throw createReferenceError(reference, path, value, "is referenced twice");
  reference.referencedFiles.add(target);
  const inFolder = target.slice(reference.resourceDir.length + 1);
  const displayPath = `${dirname(reference.displayPath)}/${toSlashes(inFolder)}`;
  try {
    // A link inside the folder may point out of it.
    const real = realpathSync.native(target);
    if (real !== target && !isBelow(realpathSync.native(reference.resourceDir), real))
      throw createReferenceError(
        reference,
        path,
        value,
        `leaves the ${reference.owner}'s folder through a symbolic link`,
      );
  } catch (error) {
    if (error instanceof KnockError) throw error;
    const code = getErrorCode(error);
    const problem = code === "ELOOP" ? "is a cycle of symbolic links" : "refers to a file that does not exist";
    const hint = `Create ${displayPath}, or correct the path in ${String(path.at(-1))}.`;
    throw createReferenceError(reference, path, value, problem, code === "ENOENT" ? hint : undefined);
  }
  const text = readProjectText(target, displayPath, "workflow_invalid");
  if (reference.rawTexts !== undefined) {
    reference.rawTexts.set(toSlashes(inFolder), readRawText(target));
    return { text, displayPath };
  }
  // Git writes CRLF on Windows. Messages and snapshots must be the same on every system.
  return { text: text.replaceAll("\r\n", "\n"), displayPath };
}

/**
 * Replaces every `"<field>@": "<path>"` in a value with `"<field>"` and the file's text (F-010 to F-018). If both exist, the
 * inline field takes precedence and the file is not read (F-014). `visual_blocks` is JSON and may contain references (F-013).
 */
export async function resolveFileReferences(
  value: Json,
  reference: ReferenceContext,
  path: PropertyKey[] = [],
): Promise<Json> {
  checkJsonShape(value, reference.displayPath, "workflow_invalid"); // the code below is recursive
  return resolveValue(value, reference, path);
}

/** Returns whether a value is descended into. Awaiting each plain value took longer than reading it. */
const isContainer = (value: Json): boolean => typeof value === "object" && value !== null;

async function resolveValue(value: Json, reference: ReferenceContext, path: PropertyKey[]): Promise<Json> {
  if (Array.isArray(value))
    return Promise.all(
      value.map((item, index) => (isContainer(item) ? resolveValue(item, reference, [...path, index]) : item)),
    );
  if (!isJsonObject(value)) return value;
  const resolved: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (!key.endsWith("@") || key === "@") {
      resolved[key] = isContainer(child) ? await resolveValue(child, reference, [...path, key]) : child;
      continue;
    }
    const field = key.slice(0, -1);
    if (Object.hasOwn(value, field)) continue;
    // Fields on the way may also be references; once resolved, they have their plain names.
    const pointer = toPointer([...path, field]).replaceAll("@/", "/");
    try {
      const { text, displayPath } = readReferencedFile(child, [...path, key], reference);
      reference.files?.set(pointer, displayPath);
      resolved[field] =
        field === "visual_blocks" ? await resolveNestedJson(text, child as string, reference, [...path, key]) : text;
    } catch (error) {
      if (reference.onInvalid === undefined) throw error;
      await reference.onInvalid(error, pointer);
      resolved[field] = "";
    }
  }
  return resolved;
}

async function resolveNestedJson(
  text: string,
  file: string,
  reference: ReferenceContext,
  path: PropertyKey[],
): Promise<Json> {
  const parsed = await parseJson(text);
  if ("error" in parsed) {
    throw new KnockError(
      "workflow_invalid",
      `${dirname(reference.displayPath)}/${file}:${parsed.line}:${parsed.column}: invalid JSON: ${parsed.error}`,
      { hint: parsed.hint },
    );
  }
  return resolveFileReferences(parsed.value, { ...reference, from: dirname(join(reference.from, file)) }, path);
}
