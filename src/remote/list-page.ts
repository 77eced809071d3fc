import type { Page, Paged } from "../ports/page.js";
import type { JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";

/** Query parameters; undefined ones are left out, of a list there is one for each. */
export type Query = Record<string, string | readonly string[] | undefined>;

/** The most a page of the API holds. */
export const LARGEST_PAGE = 50;
/** How many pages are looked through for entries that only this side can tell apart. */
const MOST_PAGES_FILTERED = 20;

export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value = []]) =>
    (typeof value === "string" ? [value] : value).map((one): [string, string] => [name, one]),
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
  page: Page,
  keep: ((item: JsonObject) => boolean) | null,
): Promise<Paged<JsonObject>> {
  const backward = page.after === undefined && page.before !== undefined;
  let cursor = backward ? page.before : page.after;
  let items: JsonObject[] = [];
  const ends: { after: string | null; before: string | null }[] = [];
  const size = Math.max(1, Math.min(LARGEST_PAGE, page.limit));
  // A page's size never exceeds what is still wanted, so that cursors stay exact.
  while (ends.length === 0 || items.length + (keep ? size : 1) <= page.limit) {
    const page_size = String(keep ? size : Math.min(size, Math.max(1, page.limit - items.length)));
    const paged = { ...query, page_size, [backward ? "before" : "after"]: cursor };
    const answer = client.read.page(await client.call("GET", withQuery(path, paged)));
    const kept = keep ? answer.items.filter(keep) : answer.items;
    items = backward ? [...kept, ...items] : [...items, ...kept];
    ends.push(answer);
    const next = backward ? answer.before : answer.after;
    const barren = keep ? ends.length >= MOST_PAGES_FILTERED : answer.items.length === 0;
    if (next === null || next === cursor || barren) break;
    cursor = next;
  }
  const [first, last] = [ends[0]!, ends.at(-1)!];
  return {
    items,
    page_info: {
      after: backward ? first.after : last.after,
      before: backward ? last.before : first.before,
      page_size: page.limit,
    },
  };
}

/** Every entry, page by page, until there is no more or `mostPages` are read or the caller leaves the loop. */
export async function* eachPage(
  client: ApiClient,
  path: string,
  query: Query,
  options: { mostPages: number; signal?: AbortSignal | undefined },
): AsyncGenerator<{ items: JsonObject[]; more: boolean }> {
  let after: string | undefined;
  for (let read = 0; read < options.mostPages; read++) {
    const paged = withQuery(path, { ...query, page_size: String(LARGEST_PAGE), after });
    const page = client.read.page(await client.call("GET", paged, { signal: options.signal }));
    const more = page.after !== null && page.after !== after;
    yield { items: page.items, more };
    if (!more) return;
    after = page.after as string;
  }
}
