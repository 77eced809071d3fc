import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { countField, definition, textOrNull } from "../../domain/schema/output-fields.js";
import type { JsonObject } from "../../util/json.js";

const pageInfoSchema = definition(
  "page_info",
  described(
    z.object({
      after: textOrNull("The cursor for --after; null on the last page."),
      before: textOrNull("The cursor for --before; null on the first page."),
      page_size: countField("The requested number of items."),
    }),
    "The position of the page in the list.",
  ),
);

export type PageInfo = z.infer<typeof pageInfoSchema>;

/** Returns the schema of a page of a list. */
export const listSchema = <T extends z.ZodMiniType>(item: T) =>
  z.object({ items: described(z.array(item), "The items of the page."), page_info: pageInfoSchema });

/** Returns the schema of a complete list, which has no pages. */
export const itemsSchema = <T extends z.ZodMiniType>(item: T) =>
  z.object({ items: described(z.array(item), "The items.") });

/** A page of a list, as print functions receive it. */
export interface Page<T> {
  items: readonly T[];
  page_info: PageInfo;
}

/** A page of the API's objects. */
export interface ListPage extends Page<JsonObject> {
  items: JsonObject[];
}
