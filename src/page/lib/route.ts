/** The views of the navigation, in its order. */
export const NAVIGATION_VIEWS = ["messages", "runs", "users", "workflows", "requests", "trigger", "clock"] as const;
/** All views. The clock leads to the schedules. */
const VIEWS = [...NAVIGATION_VIEWS, "schedules"] as const;
export type View = (typeof VIEWS)[number];

export const VIEW_NAMES: Record<View, string> = {
  messages: "Messages",
  runs: "Runs",
  users: "Recipients",
  workflows: "Workflows",
  requests: "Requests",
  trigger: "Trigger",
  clock: "Clock",
  schedules: "Schedules",
};

export interface Route {
  view: View;
  /** The ID of the open item of the view's list; null if none is open. */
  id: string | null;
  /** The chosen moment of the open run; null for its present state. */
  moment: string | null;
  /** The filters of the list. */
  query: Record<string, string>;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Parses a hash such as `#/messages/2Xyz?workflow=welcome`, or `#/runs/<id>/<moment>`. An unknown view is the list of messages. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name, id, moment] = path.split("/").map(decodeText);
  const query = Object.fromEntries(new URLSearchParams(search));
  const view = VIEWS.find((candidate) => candidate === name);
  return view === undefined
    ? { view: "messages", id: null, moment: null, query: {} }
    : { view, id: id || null, moment: moment || null, query };
}

/** Returns a link to a user, or to an object such as `projects/p1`, in the list that contains it. */
export function buildRecipientLink(id: string): string {
  return buildLink("users", id, id.includes("/") ? { kind: "objects" } : {});
}

/** Returns a link to a run as it was at a moment, or to its present state. */
export function buildMomentLink(run: string, moment: string | null, query: Record<string, string>): string {
  const [path, ...search] = buildLink("runs", run, query).split("?");
  return [moment === null ? path : `${path}/${encodeURIComponent(moment)}`, ...search].join("?");
}

/** Returns a link to a view. Empty filters are omitted. */
export function buildLink(view: View, id: string | null = null, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${search === "" ? "" : `?${search}`}`;
}
