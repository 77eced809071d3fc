import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printList } from "./print-resources.js";

function formatReference(value: unknown): string {
  if (!isJsonObject(value)) return "";
  return value.collection === undefined ? String(value.id) : `${String(value.collection)}/${String(value.id)}`;
}

/** Prints a page of subscriptions, or the subscriptions that a command changed. */
export function printSubscriptions(
  page: { items: JsonObject[]; page_info?: ListPage["page_info"] },
  output: Output,
): void {
  const { items } = page;
  if (output.verbosity.json) return output.json(page.page_info ? page : { items });
  printList(
    { items, page_info: page.page_info ?? { after: null, before: null, page_size: items.length } },
    {
      emptyText: "no subscriptions",
      id: (item) => formatReference(item.recipient),
      head: ["OBJECT", "RECIPIENT", "PROPERTIES", "SINCE"],
      row: (item) => [
        formatReference(item.object),
        formatReference(item.recipient),
        isJsonObject(item.properties) && Object.keys(item.properties).length > 0 ? JSON.stringify(item.properties) : "",
        formatTime(item.inserted_at, output.zone),
      ],
    },
    output,
  );
}
