import { formatRecipient } from "../domain/recipient/recipient.js";
import { isJsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { type ChangedItems, printList } from "./print-resources.js";

/**
 * Prints a page of subscriptions, or the subscriptions that a command changed. `--quiet` prints the side of each that the
 * command did not name.
 */
export function printSubscriptions(
  page: ListPage | ChangedItems,
  output: Output,
  side: "recipient" | "object" = "recipient",
): void {
  printList(
    page,
    {
      emptyText: "no subscriptions",
      id: (item) => formatRecipient(item[side]),
      head: ["OBJECT", "RECIPIENT", "PROPERTIES", "SINCE"],
      row: (item) => [
        formatRecipient(item.object),
        formatRecipient(item.recipient),
        isJsonObject(item.properties) && Object.keys(item.properties).length > 0 ? JSON.stringify(item.properties) : "",
        formatTime(item.inserted_at, output.zone),
      ],
    },
    output,
  );
}
