import { KnockError } from "../errors/knock-error.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../util/json.js";

/** Fields of the API that identify a message and do not belong to its content. */
const IGNORED_FIELDS = new Set(["__typename"]);

function withoutIgnoredFields(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutIgnoredFields);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !IGNORED_FIELDS.has(key))
      .map(([key, child]) => [key, withoutIgnoredFields(child)]),
  );
}

/** Returns the text of a content in a snapshot. Lines of long texts are separate, so that differences are readable. */
function formatSnapshot(content: JsonObject): Json {
  const split = (value: Json): Json => {
    if (typeof value === "string" && value.includes("\n")) return value.split("\n");
    if (Array.isArray(value)) return value.map(split);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, split(child)]));
  };
  return split(withoutIgnoredFields(content));
}

/** Returns the content that a snapshot was formatted from. Texts of several lines are joined again. */
function parseSnapshot(snapshot: Json): Json {
  if (Array.isArray(snapshot)) {
    const isText = snapshot.length > 1 && snapshot.every((line) => typeof line === "string");
    return isText ? snapshot.join("\n") : snapshot.map(parseSnapshot);
  }
  if (!isJsonObject(snapshot)) return snapshot;
  return Object.fromEntries(Object.entries(snapshot).map(([key, child]) => [key, parseSnapshot(child)]));
}

/** The result of a comparison with a snapshot. */
interface SnapshotComparison {
  /** Null if the content matches, or if it was stored. */
  difference: { expected: string; found: string } | null;
  /** The content of the stored snapshot if it differs, even if it was replaced. */
  previous: JsonObject | null;
}

/**
 * The treatment of snapshots that differ from the stored ones, or that are not stored yet. "compare rendered" ignores the sources of
 * templates that contents include.
 */
export type SnapshotMode = "compare" | "compare rendered" | "add" | "update";

/** Returns a snapshot without the sources of the blocks of an in-app message. */
function omitSources(snapshot: Json): Json {
  if (!isJsonObject(snapshot) || !Array.isArray(snapshot.blocks)) return snapshot;
  return { ...snapshot, blocks: filterObjects(snapshot.blocks).map(({ content: _, ...block }) => block) };
}

/** The snapshots of one file of scenarios. */
export class Snapshots {
  private readonly used = new Set<string>();
  added = 0;
  updated = 0;
  private removed = 0;

  constructor(
    private readonly entries: JsonObject,
    private readonly mode: SnapshotMode,
  ) {}

  /** Compares a content with its snapshot, or stores it. */
  compare(scenario: string, name: string, content: JsonObject): SnapshotComparison {
    const key = this.claimKey(`${scenario} > ${name}`);
    const found = formatSnapshot(content);
    const stored = Object.hasOwn(this.entries, key) ? this.entries[key] : undefined;
    const toText = (snapshot: Json): string =>
      JSON.stringify(this.mode === "compare rendered" ? omitSources(snapshot) : snapshot, null, 2);
    const foundText = toText(found);
    const storedText = stored === undefined ? undefined : toText(stored);
    if (storedText === foundText) return { difference: null, previous: null };
    const previous = isJsonObject(stored) ? (parseSnapshot(stored) as JsonObject) : null;
    if (this.mode === "update" || (this.mode === "add" && stored === undefined)) {
      this.entries[key] = found;
      if (stored === undefined) this.added += 1;
      else this.updated += 1;
      return { difference: null, previous };
    }
    const expected = storedText ?? "a stored snapshot (run the tests with --update)";
    return { difference: { expected, found: foundText }, previous };
  }

  /** Numbers the second and later snapshots with the same name. */
  private claimKey(name: string): string {
    let key = name;
    for (let count = 2; this.used.has(key); count++) key = `${name} ${count}`;
    this.used.add(key);
    return key;
  }

  /** Returns the snapshots for another run of the same scenario, which must match the first run. */
  startRepetition(): Snapshots {
    return new Snapshots(this.entries, "compare");
  }

  /** Returns the keys that no scenario used. They are obsolete if all scenarios of the file ran. */
  listUnused(): string[] {
    return Object.keys(this.entries).filter((key) => !this.used.has(key));
  }

  removeUnused(): void {
    for (const key of this.listUnused()) {
      delete this.entries[key];
      this.removed += 1;
    }
  }

  /** Returns the text of the file if it has to be written, or null. */
  toFile(): string | null {
    if (this.added + this.updated + this.removed === 0) return null;
    const sorted = Object.fromEntries(Object.entries(this.entries).sort(([a], [b]) => (a < b ? -1 : 1)));
    return `${JSON.stringify(sorted, null, 2)}\n`;
  }
}

/** Parses a snapshot file. Throws `scenario_invalid` for markers of a merge conflict and for other invalid JSON. */
export function parseSnapshots(text: string, displayPath: string, mode: SnapshotMode): Snapshots {
  const conflict = text.split("\n").findIndex((line) => /^(<{7}|={7}|>{7})/.test(line));
  if (conflict !== -1)
    throw new KnockError("scenario_invalid", `${displayPath}:${conflict + 1}:1: the snapshots have a merge conflict`, {
      hint: "Resolve the conflict, or delete the file and run the tests with --update.",
    });
  try {
    const entries: unknown = JSON.parse(text);
    if (isJsonObject(entries)) return new Snapshots(entries, mode);
  } catch {
    // Reported below with other content that is not an object.
  }
  throw new KnockError("scenario_invalid", `${displayPath}: the snapshots are invalid JSON`, {
    hint: "Delete the file and run the tests with --update.",
  });
}
