import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { isEqualDocument } from "./is-equal-document.js";

/** The path to a value in a document. Items of lists have the number of their place, or their ref, key, ID or name. */
type ChangePath = readonly (string | number)[];

/** A difference between two versions of a document. */
interface DocumentChange {
  kind: "added" | "removed" | "changed" | "moved";
  /** The ref of the innermost step that contains the value; null outside of steps. */
  step: string | null;
  /** The path from the step, or from the document outside of steps. Empty for a step itself. */
  path: ChangePath;
  /** Both are null for an item that only has another place. */
  before: Json;
  after: Json;
}

/** The fields that identify an item of a list, in the order in which they are tried. */
export const IDENTIFYING_FIELDS = ["ref", "key", "id", "name"] as const;

/** Returns the field that identifies each item of both lists, or null if an item has none or two items have the same. */
function findIdentifyingField(before: readonly Json[], after: readonly Json[]): string | null {
  const identifies = (field: string, items: readonly Json[]): boolean => {
    const values = items.map((item) => (isJsonObject(item) && typeof item[field] === "string" ? item[field] : null));
    return values.every((value) => value !== null) && new Set(values).size === values.length;
  };
  return IDENTIFYING_FIELDS.find((field) => identifies(field, before) && identifies(field, after)) ?? null;
}

/** Returns the items that keep their order: the longest increasing sequence of places. */
function findKeptOrder(places: readonly number[]): Set<number> {
  const best: number[][] = [];
  for (const place of places) {
    const previous = best.filter((list) => (list.at(-1) as number) < place);
    const longest = previous.reduce<number[]>((most, list) => (list.length > most.length ? list : most), []);
    best.push([...longest, place]);
  }
  return new Set(best.reduce<number[]>((most, list) => (list.length > most.length ? list : most), []));
}

/** Where a change is: in a step, at a path from there. */
interface Place {
  step: string | null;
  path: ChangePath;
}

class DocumentDiff {
  readonly changes: DocumentChange[] = [];

  private add(kind: DocumentChange["kind"], { step, path }: Place, before: Json, after: Json): void {
    this.changes.push({ kind, step, path, before, after });
  }

  compare(before: Json | undefined, after: Json | undefined, place: Place): void {
    // A field that is null means the same as a missing one.
    if (before === undefined || before === null) {
      if (after !== undefined && after !== null) this.add("added", place, null, after);
    } else if (after === undefined || after === null) this.add("removed", place, before, null);
    else if (Array.isArray(before) && Array.isArray(after)) this.compareLists(before, after, place);
    else if (isJsonObject(before) && isJsonObject(after)) this.compareObjects(before, after, place);
    else if (!isEqualDocument(before, after)) this.add("changed", place, before, after);
  }

  private compareObjects(before: JsonObject, after: JsonObject, { step, path }: Place): void {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      this.compare(getOwn(before, key), getOwn(after, key), { step, path: [...path, key] });
  }

  private compareLists(before: readonly Json[], after: readonly Json[], place: Place): void {
    const field = findIdentifyingField(before, after);
    if (field !== null) return this.compareItems(field, before as JsonObject[], after as JsonObject[], place);
    if (![...before, ...after].some(isJsonObject)) {
      // Values such as the categories of a workflow are one setting.
      if (!isEqualDocument([...before], [...after])) this.add("changed", place, [...before], [...after]);
      return;
    }
    let start = 0;
    while (start < before.length && start < after.length && isSameItem(before[start], after[start])) start++;
    let end = 0;
    const room = Math.min(before.length, after.length) - start;
    while (end < room && isSameItem(before[before.length - 1 - end], after[after.length - 1 - end])) end++;
    const [old, now] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
    for (let index = 0; index < Math.max(old.length, now.length); index++)
      this.compare(old[index], now[index], { step: place.step, path: [...place.path, start + index] });
  }

  private compareItems(field: string, before: readonly JsonObject[], after: readonly JsonObject[], place: Place): void {
    const id = (item: JsonObject): string => item[field] as string;
    const toPlace = (item: JsonObject): Place =>
      field === "ref" && place.path.at(-1) === "steps"
        ? { step: id(item), path: [] }
        : { step: place.step, path: [...place.path, id(item)] };
    const old = new Map(before.map((item, index) => [id(item), { item, index }]));
    const kept = findKeptOrder(after.flatMap((item) => old.get(id(item))?.index ?? []));
    const ids = new Set(after.map(id));
    for (const item of before) if (!ids.has(id(item))) this.add("removed", toPlace(item), item, null);
    for (const item of after) {
      const known = old.get(id(item));
      if (known === undefined) this.add("added", toPlace(item), null, item);
      else {
        if (!kept.has(known.index)) this.add("moved", toPlace(item), null, null);
        this.compare(known.item, item, toPlace(item));
      }
    }
  }
}

const getOwn = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const isSameItem = (a: Json | undefined, b: Json | undefined): boolean => isEqualDocument(a ?? null, b ?? null);

/** Returns the steps within a value, at any depth. */
export const listSteps = (value: Json): JsonObject[] =>
  Array.isArray(value)
    ? value.flatMap(listSteps)
    : Object.entries(isJsonObject(value) ? value : {}).flatMap(([key, child]) => [
        ...(key === "steps" ? filterObjects(child) : []),
        ...listSteps(child),
      ]);

const isWholeStep = ({ step, path }: DocumentChange): boolean => step !== null && path.length === 0;

/** Returns the steps that were added or removed by their refs, with those inside of them. */
function collectSteps(changes: readonly DocumentChange[], kind: "added" | "removed"): Map<string, Json> {
  const whole = changes.filter((change) => change.kind === kind && isWholeStep(change));
  const values = whole.map(({ before, after }) => (kind === "added" ? after : before));
  return new Map(listSteps({ steps: values }).map((step) => [String(step.ref), step]));
}

/** Replaces a step that was removed in one list and added in another by its move and what changed in it. */
function mergeMovedSteps(changes: readonly DocumentChange[]): DocumentChange[] {
  const [removed, added] = [collectSteps(changes, "removed"), collectSteps(changes, "added")];
  const move = (step: string): DocumentChange[] => {
    const diff = new DocumentDiff();
    diff.compare(removed.get(step), added.get(step), { step, path: [] });
    return [{ kind: "moved", step, path: [], before: null, after: null }, ...diff.changes];
  };
  return changes.flatMap((change) => {
    const { kind, step, after } = change;
    if (step === null || !isWholeStep(change) || kind === "moved") return [change];
    if (removed.has(step) && added.has(step)) return kind === "added" ? move(step) : [];
    const inside = kind === "added" ? listSteps(after).map(({ ref }) => String(ref)) : [];
    return [change, ...inside.filter((ref) => removed.has(ref)).flatMap(move)];
  });
}

/**
 * Returns what differs between two versions of a document. Steps and other items with a ref, key, ID or name are compared with the same
 * item of the other version, also if it has moved, so that an added step is one change.
 */
export function diffDocuments(before: JsonObject | null, after: JsonObject | null): DocumentChange[] {
  const diff = new DocumentDiff();
  diff.compare(before ?? {}, after ?? {}, { step: null, path: [] });
  return mergeMovedSteps(diff.changes);
}

/** Returns a path as text: `template.subject`, `conditions.all[0]`. */
export const formatChangePath = (path: ChangePath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part + 1}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
