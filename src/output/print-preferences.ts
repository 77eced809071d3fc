import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";

/**
 * Returns each setting of a preference set with its path, such as `categories.collab.channel_types.email`. Conditions
 * are not split.
 */
function flattenSettings(value: Json, path: string): [string, string][] {
  if (value === null) return [];
  if (!isJsonObject(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, child]) => flattenSettings(child, path === "" ? key : `${path}.${key}`));
}

/** Prints a page of a recipient's preference sets. */
export function printPreferencePage(page: ListPage, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  printSets(page.items, output);
  if (!output.verbosity.quiet) printPageHint(page, output);
}

/** Prints one preference set. */
export function printPreferenceSet(set: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(set);
  printSets([set], output);
}

function printSets(sets: readonly JsonObject[], output: Output): void {
  if (output.verbosity.quiet) return output.lines(sets.map((set) => String(set.id)));
  for (const { id, ...set } of sets) {
    output.line(output.colors.bold(String(id)));
    const settings = flattenSettings(set, "");
    if (settings.length === 0) output.line("  no preferences set: every message is allowed");
    const width = Math.max(0, ...settings.map(([path]) => path.length));
    for (const [path, value] of settings)
      output.line(`  ${path.padEnd(width)}  ${value === "false" ? output.colors.yellow(value) : value}`);
  }
}
