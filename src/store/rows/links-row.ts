import type { TrackedLink } from "../../ports/tracked-links.js";

/** The links of a tracked message. */
export interface LinksRow {
  message_id: string;
  links: string;
}

/** Returns the link with a number, or null. */
export function findLink(row: LinksRow | undefined, linkNumber: number): TrackedLink | null {
  const url = row === undefined ? undefined : (JSON.parse(row.links) as string[])[linkNumber];
  return row === undefined || url === undefined ? null : { message_id: row.message_id, url };
}
