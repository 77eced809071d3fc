import type { Paged, PageRequest } from "../ports/page-request.js";
import type { JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import type { Entry } from "./response-reader.js";

/** Query parameters. Undefined ones are left out, and a list becomes one parameter for each item. */
export type Query = Record<string, string | readonly string[] | undefined>;

/** Maximum number of entries in a page of the API. */
export const MAX_PAGE_SIZE = 50;
/** Maximum number of pages that are searched for entries that the API cannot filter. */
const MAX_FILTERED_PAGES = 20;

export function appendQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value = []]) =>
    (typeof value === "string" ? [value] : value).map((item): [string, string] => [name, item]),
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
}

/**
 * Returns up to `page.limit` entries, from as many pages of the API as that takes. `matches` selects entries where the API has
 * no such filter. A page may then have fewer items, and `after` shows that there are more to search. `idField` is
 * the field of an entry that is always a string.
 */
export async function listPage(
  client: ApiClient,
  path: string,
  query: Query,
  page: PageRequest,
  matches: ((item: JsonObject) => boolean) | null = null,
  idField = "id",
): Promise<Paged<JsonObject>> {
  const isBackward = page.after === undefined && page.before !== undefined;
  let cursor = isBackward ? page.before : page.after;
  let items: JsonObject[] = [];
  const responses: { after: string | null; before: string | null }[] = [];
  const size = Math.max(1, Math.min(MAX_PAGE_SIZE, page.limit));
  // A page is never larger than the number of entries that are still missing, so that cursors stay exact.
  while (responses.length === 0 || items.length + (matches ? size : 1) <= page.limit) {
    const page_size = String(matches ? size : Math.min(size, Math.max(1, page.limit - items.length)));
    const paged = { ...query, page_size, [isBackward ? "before" : "after"]: cursor };
    const response = client.responseReader.readPage(await client.call("GET", appendQuery(path, paged)), idField);
    const matching = matches ? response.items.filter(matches) : response.items;
    items = isBackward ? [...matching, ...items] : [...items, ...matching];
    responses.push(response);
    const next = isBackward ? response.before : response.after;
    const isExhausted = matches ? responses.length >= MAX_FILTERED_PAGES : response.items.length === 0;
    if (next === null || next === cursor || isExhausted) break;
    cursor = next;
  }
  const [first, last] = [responses[0]!, responses.at(-1)!];
  return {
    items,
    page_info: {
      after: isBackward ? first.after : last.after,
      before: isBackward ? last.before : first.before,
      page_size: page.limit,
    },
  };
}

/** Yields the entries page by page, until there are no more, `maxPages` are read or the caller leaves the loop. */
export async function* iteratePages(
  client: ApiClient,
  path: string,
  query: Query,
  options: { maxPages: number; signal?: AbortSignal | undefined },
): AsyncGenerator<{ items: Entry[]; hasMore: boolean }> {
  let after: string | undefined;
  for (let read = 0; read < options.maxPages; read++) {
    const paged = appendQuery(path, { ...query, page_size: String(MAX_PAGE_SIZE), after });
    const page = client.responseReader.readPage(await client.call("GET", paged, { signal: options.signal }), "id");
    const next = page.after === after ? null : page.after;
    yield { items: page.items, hasMore: next !== null };
    if (next === null) return;
    after = next;
  }
}
