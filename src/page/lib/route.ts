export const VIEWS = ["messages", "runs", "users", "trigger", "clock"] as const;
export type View = (typeof VIEWS)[number];

export const VIEW_NAMES: Record<View, string> = {
  messages: "Messages",
  runs: "Runs",
  users: "Recipients",
  trigger: "Trigger",
  clock: "Clock",
};

export interface Route {
  view: View;
  /** What of the view's list is open; null: nothing. */
  id: string | null;
  /** Filters of the list. */
  query: Record<string, string>;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `#/messages/2Xyz?workflow=welcome`; what is none is the list of messages. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name, id] = path.split("/").map(decodeText);
  const query = Object.fromEntries(new URLSearchParams(search));
  const view = VIEWS.find((candidate) => candidate === name);
  return view === undefined ? { view: "messages", id: null, query: {} } : { view, id: id || null, query };
}

/** To a user, or an object by `projects/p1`, in the list that has it. */
export function buildRecipientLink(id: string): string {
  return buildLink("users", id, id.includes("/") ? { kind: "objects" } : {});
}

/** A link to a view; filters that are empty are left out. */
export function buildLink(view: View, id: string | null = null, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${search === "" ? "" : `?${search}`}`;
}
