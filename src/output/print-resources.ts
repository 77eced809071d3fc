import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";
import { timeText, valueText, type Zone } from "./time-text.js";

export type ResourceNoun = "user" | "object" | "tenant";

export interface Listed {
  items: JsonObject[];
  page_info: { after: string | null; before: string | null; page_size: number };
}

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

/** An object has its properties apart. */
function propertiesOf(resource: JsonObject): JsonObject {
  return isJsonObject(resource.properties) ? resource.properties : resource;
}

/** A list as every command prints it: documents, ids alone, or a table and where it goes on. */
export function printList(
  page: Listed,
  what: { none: string; id(item: JsonObject): string; head: string[]; row(item: JsonObject): string[] },
  output: Output,
): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map(what.id));
  if (page.items.length === 0) return output.line(what.none);
  printTable(what.head, page.items.map(what.row), output);
  printPageHint(page, output);
}

export function printResources(noun: ResourceNoun, page: Listed, output: Output): void {
  const withEmail = noun === "user";
  printList(
    page,
    {
      none: `no ${noun}s`,
      id: (item) => String(item.id),
      head: [noun.toUpperCase(), "NAME", ...(withEmail ? ["EMAIL"] : []), "CHANGED"],
      row: (item) => [
        String(item.id),
        text(propertiesOf(item).name),
        ...(withEmail ? [text(item.email)] : []),
        timeText(item.updated_at, output.zone),
      ],
    },
    output,
  );
}

/** Said in the first line, or of no use to a reader. */
const HIDDEN = new Set(["__typename", "id", "collection", "properties"]);

function fieldText(key: string, value: Json, zone: Zone): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return key.endsWith("_at") ? valueText(value, zone) : value;
}

export function printResource(noun: ResourceNoun, resource: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(resource);
  const name = resource.collection === undefined ? resource.id : `${text(resource.collection)}/${text(resource.id)}`;
  if (output.verbosity.quiet) return output.line(text(resource.id));
  output.line(`${output.paint.bold(text(name))}  ${output.paint.dim(noun)}`);
  const fields = Object.entries({ ...propertiesOf(resource), ...resource }).filter(
    ([key, value]) => !HIDDEN.has(key) && (value !== null || output.verbosity.verbose),
  );
  const width = Math.max(0, ...fields.map(([key]) => key.length));
  for (const [key, value] of fields)
    output.line(`  ${output.paint.dim(key.padEnd(width))}  ${fieldText(key, value, output.zone)}`);
}

export function printDeleted(noun: ResourceNoun | "preference set", id: string, output: Output): void {
  if (output.verbosity.json) return output.json({ deleted: true, [noun.replace(" ", "_")]: id });
  if (!output.verbosity.quiet) output.line(`${output.paint.green("✓")} ${noun} ${id} deleted`);
}
