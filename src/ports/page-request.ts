/** A page of a list, newest first. `after` and `before` are opaque cursors from an earlier page. */
export interface PageRequest {
  limit: number;
  after?: string | undefined;
  before?: string | undefined;
}

export interface Paged<T> {
  items: T[];
  page_info: { after: string | null; before: string | null; page_size: number };
}
