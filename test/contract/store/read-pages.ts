import type { Paged, PageRequest } from "../../../src/ports/page-request.js";

export type ListPage<T> = (page: PageRequest) => Promise<Paged<T>>;

/** Returns all pages of a list, from the first one on. */
export async function listPages<T>(list: ListPage<T>, limit: number): Promise<Paged<T>[]> {
  const pages = [await list({ limit })];
  for (let next = pages[0]?.page_info.after; next; next = pages.at(-1)?.page_info.after)
    pages.push(await list({ limit, after: next }));
  return pages;
}

/** Returns all pages of a list as they are read from the last one backward, in the order of the list. */
export async function listPagesBackward<T>(list: ListPage<T>, limit: number): Promise<Paged<T>[]> {
  const pages = (await listPages(list, limit)).slice(-1);
  for (let next = pages[0]?.page_info.before; next; next = pages[0]?.page_info.before)
    pages.unshift(await list({ limit, before: next }));
  return pages;
}

export async function readForward<T>(list: ListPage<T>, limit: number): Promise<T[]> {
  return (await listPages(list, limit)).flatMap(({ items }) => items);
}

/** Reads all items, all pages but the last from the last page backward. */
export async function readBackward<T>(list: ListPage<T>, limit: number): Promise<T[]> {
  return (await listPagesBackward(list, limit)).flatMap(({ items }) => items);
}
