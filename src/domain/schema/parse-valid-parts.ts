import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, parsePointer, toPointer } from "../../util/json.js";
import { isAboutUnknownKey } from "../findings/describe-finding.js";

/** Limits the rounds of a document in which a part becomes invalid because another one was left out. */
const MAX_ROUNDS = 50;

interface ValidPartsOptions {
  /** Receives the errors. */
  report(error: KnockError): void | Promise<void>;
  /** Returns the item that replaces an invalid one in a list, so that the others keep their index. By default, the list is left out. */
  replaceItem?: ((item: Json, pointer: string) => Json | undefined) | undefined;
  /** Pointers of values that were left out before. */
  removed?: readonly string[];
}

/** Returns a pointer and those of the values around it. */
function listAround(pointer: string): string[] {
  const pointers = [pointer];
  for (let rest = pointer; rest !== ""; ) {
    rest = rest.slice(0, rest.lastIndexOf("/"));
    pointers.push(rest);
  }
  return pointers;
}

/** The pointers of parts of a document. The time of a lookup does not depend on their number, which can be many thousands. */
class PointerSet {
  private readonly pointers = new Set<string>();
  private readonly around = new Set<string>();

  add(pointer: string): void {
    this.pointers.add(pointer);
    for (const outer of listAround(pointer)) this.around.add(outer);
  }

  /** Returns whether a pointer is that of a part, or leads into one. */
  covers(pointer: string): boolean {
    return listAround(pointer).some((outer) => this.pointers.has(outer));
  }

  /** Returns whether a pointer leads to a part, or into one. */
  isRelatedTo(pointer: string): boolean {
    return this.around.has(pointer) || this.covers(pointer);
  }
}

function getChild(container: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(container)) return container[Number(key)];
  return isJsonObject(container) && Object.hasOwn(container, key) ? container[key] : undefined;
}

/** The pointers of a value that was left out, and of the part of the document that can be invalid without it. */
interface RemovedPart {
  removed: string;
  incomplete: string;
}

/**
 * Leaves out the value at a pointer, or the nearest value around it that is present and can be left out. A misspelled key gets
 * its correction. Changes the document. Returns null if the whole document is invalid.
 */
function removePart(
  document: Json,
  detail: ErrorDetail,
  replaceItem: ValidPartsOptions["replaceItem"],
): RemovedPart | null {
  const { pointer, suggested_key: correction } = detail;
  for (const path = parsePointer(pointer); path.length > 0; path.pop()) {
    const key = path.at(-1) as string;
    const owner = path.slice(0, -1).reduce<Json | undefined>(getChild, document);
    const value = getChild(owner, key);
    if (value === undefined) continue;
    if (Array.isArray(owner)) {
      const item = replaceItem?.(value, toPointer(path));
      if (item === undefined) continue;
      owner[Number(key)] = item;
      return { removed: toPointer(path), incomplete: toPointer(path) };
    }
    delete (owner as JsonObject)[key];
    if (correction !== undefined && toPointer(path) === pointer) (owner as JsonObject)[correction] ??= value;
    // Other keys of the object can be invalid without this one. Those of a whole document only if this one is misspelled.
    const isOwnerIncomplete = path.length > 1 || isAboutUnknownKey(detail);
    return { removed: toPointer(path), incomplete: toPointer(isOwnerIncomplete ? path.slice(0, -1) : path) };
  }
  return null;
}

/**
 * Parses a document. Reports the errors of its invalid parts, leaves these out and parses the rest, so that one error does not
 * hide those of other checks. Errors that only follow from a part that was left out are not reported. Throws the first error
 * if the rest is also invalid.
 */
export async function parseValidParts<T>(
  document: Json,
  parse: (document: Json) => T | Promise<T>,
  { report, replaceItem, removed: removedBefore = [] }: ValidPartsOptions,
): Promise<T> {
  const incomplete = new PointerSet();
  for (const pointer of removedBefore) incomplete.add(pointer);
  let rest = document;
  let first: KnockError | undefined;
  for (let round = 0; ; round++) {
    try {
      return await parse(rest);
    } catch (error) {
      if (!(error instanceof KnockError) || error.details.length === 0) throw error;
      const details = error.details.filter(({ pointer }) => !incomplete.isRelatedTo(pointer));
      if (details.length > 0) await report(error.copyWith({ details }));
      first ??= error;
      if (round === 0) rest = structuredClone(document);
      const removed = new PointerSet();
      for (const detail of error.details) {
        // A part around the value may already be left out.
        if (removed.covers(detail.pointer)) continue;
        const part = round < MAX_ROUNDS ? removePart(rest, detail, replaceItem) : null;
        if (part === null) throw first;
        removed.add(part.removed);
        incomplete.add(part.incomplete);
      }
    }
  }
}
