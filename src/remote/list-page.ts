import type { Paged, PageRequest } from "../ports/page-request.js";
import type { JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";

/** Query parameters; undefined ones are left out, of a list there is one for each. */
export type Query = Record<string, string | readonly string[] | undefined>;

/** The most a page of the API holds. */
export const MAX_PAGE_SIZE = 50;
/** How many pages are looked through for entries that only this side can tell apart. */
const MAX_FILTERED_PAGES = 20;

function appendQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value = []]) =>
    (typeof value === "string" ? [value] : value).map((item): [string, string] => [name, item]),
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
}

/**
 * Up to `page.limit` entries, from as many of the API's pages as that takes. `keep` chooses where the
 * API has no such filter: then fewer may come, and `after` tells that there is more to look through.
 */
export async function listPage(
  client: ApiClient,
  path: string,
  query: Query,
  page: PageRequest,
  matches: ((item: JsonObject) => boolean) | null,
): Promise<Paged<JsonObject>> {
  const isBackward = page.after === undefined && page.before !== undefined;
  let cursor = isBackward ? page.before : page.after;
  let items: JsonObject[] = [];
  const responses: { after: string | null; before: string | null }[] = [];
  const size = Math.max(1, Math.min(MAX_PAGE_SIZE, page.limit));
  // A page's size never exceeds what is still wanted, so that cursors stay exact.
  while (responses.length === 0 || items.length + (matches ? size : 1) <= page.limit) {
    const page_size = String(matches ? size : Math.min(size, Math.max(1, page.limit - items.length)));
    const paged = { ...query, page_size, [isBackward ? "before" : "after"]: cursor };
    const answer = client.responseReader.readPage(await client.call("GET", appendQuery(path, paged)));
    const matching = matches ? answer.items.filter(matches) : answer.items;
    items = isBackward ? [...matching, ...items] : [...items, ...matching];
    responses.push(answer);
    const next = isBackward ? answer.before : answer.after;
    const isExhausted = matches ? responses.length >= MAX_FILTERED_PAGES : answer.items.length === 0;
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

/** Every entry, page by page, until there is no more or `mostPages` are read or the caller leaves the loop. */
export async function* iteratePages(
  client: ApiClient,
  path: string,
  query: Query,
  options: { maxPages: number; signal?: AbortSignal | undefined },
): AsyncGenerator<{ items: JsonObject[]; hasMore: boolean }> {
  let after: string | undefined;
  for (let read = 0; read < options.maxPages; read++) {
    const paged = appendQuery(path, { ...query, page_size: String(MAX_PAGE_SIZE), after });
    const page = client.responseReader.readPage(await client.call("GET", paged, { signal: options.signal }));
    const more = page.after !== null && page.after !== after;
    yield { items: page.items, hasMore: more };
    if (!more) return;
    after = page.after as string;
  }
}
