import { isJsonObject, type Json, type JsonObject, stringifyValue } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime, formatValue, type Zone } from "./format-time.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";

export type ResourceNoun = "user" | "object" | "tenant";

/** The records that a command changed, which are no page of a list. */
export interface ChangedItems {
  items: JsonObject[];
  page_info?: undefined;
}

const toText = (value: unknown): string => (value === null || value === undefined ? "" : stringifyValue(value));

/** Returns the properties of a resource; those of an object are in a separate field. */
function getProperties(resource: JsonObject): JsonObject {
  return isJsonObject(resource.properties) ? resource.properties : resource;
}

/**
 * Prints a list in the format that every command uses: a document, only the IDs, or a table with a hint for the next
 * page.
 */
export function printList(
  page: ListPage | ChangedItems,
  columns: { emptyText: string; id(item: JsonObject): string; head: string[]; row(item: JsonObject): string[] },
  output: Output,
): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map(columns.id));
  if (page.items.length === 0) return output.line(columns.emptyText);
  printTable(columns.head, page.items.map(columns.row), output);
  if (page.page_info) printPageHint({ page_info: page.page_info }, output);
}

export function printResources(noun: ResourceNoun, page: ListPage, output: Output): void {
  const withEmail = noun === "user";
  printList(
    page,
    {
      emptyText: `no ${noun}s`,
      id: (item) => String(item.id),
      head: [noun.toUpperCase(), "NAME", ...(withEmail ? ["EMAIL"] : []), "CHANGED"],
      row: (item) => [
        String(item.id),
        toText(getProperties(item).name),
        ...(withEmail ? [toText(item.email)] : []),
        formatTime(item.updated_at, output.zone),
      ],
    },
    output,
  );
}

/** Fields that the first line already shows, or that are not useful to a reader. */
const HIDDEN_FIELDS = new Set(["__typename", "id", "collection", "properties"]);

function formatField(key: string, value: Json, zone: Zone): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return key.endsWith("_at") ? formatValue(value, zone) : value;
}

export function printResource(noun: ResourceNoun, resource: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(resource);
  const name =
    resource.collection === undefined ? resource.id : `${toText(resource.collection)}/${toText(resource.id)}`;
  if (output.verbosity.quiet) return output.line(toText(resource.id));
  output.line(`${output.colors.bold(toText(name))}  ${output.colors.dim(noun)}`);
  const fields = Object.entries({ ...getProperties(resource), ...resource }).filter(
    ([key, value]) => !HIDDEN_FIELDS.has(key) && (value !== null || output.verbosity.verbose),
  );
  const width = Math.max(0, ...fields.map(([key]) => key.length));
  for (const [key, value] of fields)
    output.line(`  ${output.colors.dim(key.padEnd(width))}  ${formatField(key, value, output.zone)}`);
}

export function printDeleted(noun: ResourceNoun | "preference set", id: string, output: Output): void {
  if (output.verbosity.json) return output.json({ deleted: true, [noun.replace(" ", "_")]: id });
  if (!output.verbosity.quiet) output.line(`${output.colors.green("✓")} ${noun} ${id} deleted`);
}
