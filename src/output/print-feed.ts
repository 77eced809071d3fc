import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printList } from "./print-resources.js";

const HTML_ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

/** Returns the text of the first block, on one line. */
function formatItemText(item: JsonObject): string {
  const block = Array.isArray(item.blocks) ? item.blocks.find(isJsonObject) : undefined;
  return String(block?.rendered ?? "")
    .replaceAll(/<[^<>]*>/g, " ")
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (entity) => HTML_ENTITIES[entity] ?? entity)
    .replaceAll(/\s+/g, " ")
    .trim();
}

function formatItemStatus(item: JsonObject): string {
  const isSet = (name: string): boolean => item[`${name}_at`] !== null;
  const states = ["archived", "interacted", "read", "seen"].filter(isSet);
  return states.length === 0 ? "new" : states.join(", ");
}

export function printFeed(page: ListPage & { meta: JsonObject }, output: Output): void {
  printList(
    page,
    {
      emptyText: "no feed items",
      id: (item) => String(item.id),
      head: ["ITEM", "WORKFLOW", "TENANT", "STATUS", "CREATED", "TEXT"],
      row: (item) => [
        String(item.id),
        isJsonObject(item.source) ? String(item.source.key) : "",
        item.tenant === null ? "" : String(item.tenant),
        formatItemStatus(item),
        formatTime(item.inserted_at, output.zone),
        formatItemText(item),
      ],
    },
    output,
  );
  const { meta } = page;
  if (!output.verbosity.json && !output.verbosity.quiet && page.items.length > 0)
    output.line(
      output.colors.dim(
        `${String(meta.unread_count)} unread · ${String(meta.unseen_count)} unseen · ${String(meta.total_count)} in total`,
      ),
    );
}
