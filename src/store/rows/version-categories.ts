import { type JsonText, parseJson, stringify } from "./json-column.js";

/** A workflow version with the JSON text of its categories. */
export interface CategorizedVersion {
  row: number;
  key: string;
  categories: JsonText<string[]>;
}

/** The versions of workflows with any of some categories: their rows, and the keys of the workflows. */
export interface FoundVersions {
  rows: number[];
  workflows: string[];
}

/**
 * Remembers the categories of workflow versions, which never change. Messages have their version, so a filter by category becomes one by
 * version, and the blocks of the workflows say where such messages are.
 */
export class VersionCategories {
  private readonly versions = new Map<number, { key: string; categories: readonly string[] }>();

  listRows(): number[] {
    return [...this.versions.keys()];
  }

  add(versions: readonly CategorizedVersion[]): void {
    for (const { row, key, categories } of versions) this.versions.set(row, { key, categories: parseJson(categories) });
  }

  /** Returns the remembered versions with any of the categories. */
  find(categories: readonly string[]): FoundVersions {
    const asked = new Set(parseJson(stringify(categories)));
    const found = [...this.versions].filter(([, version]) => version.categories.some((one) => asked.has(one)));
    return { rows: found.map(([row]) => row), workflows: [...new Set(found.map(([, { key }]) => key))] };
  }

  clear(): void {
    this.versions.clear();
  }
}
