import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { formatError, sendRequest } from "./api.js";
import type { JsonObject } from "./json.js";
import { useLive } from "./live.js";

interface Resource<T> {
  /** The last answer to this path; null until there is one. */
  value: T | null;
  /** Why there is none, or none newer. */
  fault: string | null;
  reload(): void;
}

/** At most one question in this time, however many changes are told of. */
const MIN_REQUEST_INTERVAL_MS = 250;

/**
 * What a helper answers, asked anew with every change; null asks nothing. What it answered stays until the next answer.
 * What changes in the store say nothing of is asked anew when somebody comes back to the page.
 */
export function useResource<T = JsonObject>(
  path: string | null,
  refreshOn: "with changes" | "on return" = "with changes",
): Resource<T> {
  const live = useLive();
  const version = refreshOn === "with changes" ? live.version : 0;
  const [state, setState] = useState<{ path: string | null; value: T | null; fault: string | null }>({
    path: null,
    value: null,
    fault: null,
  });
  const refresh = useRef(() => {});
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isBusy = false;
    let isStale = false;
    let askedAt = 0;
    const read = async (): Promise<void> => {
      timer = undefined;
      isBusy = true;
      isStale = false;
      askedAt = Date.now();
      try {
        const value = await sendRequest<T>(`GET ${path}`, undefined, abort.signal);
        setState({ path, value, fault: null });
      } catch (fault) {
        if (!abort.signal.aborted)
          setState((before) => ({
            path,
            value: before.path === path ? before.value : null,
            fault: formatError(fault),
          }));
      }
      isBusy = false;
      if (isStale) refresh.current();
    };
    refresh.current = () => {
      isStale = true; // an answer on its way may be of before
      if (isBusy || abort.signal.aborted) return;
      timer ??= setTimeout(() => void read(), Math.max(0, askedAt + MIN_REQUEST_INTERVAL_MS - Date.now()));
    };
    refresh.current();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path]);
  // Not its first run alone: `version` grows with every change.
  useEffect(() => refresh.current(), [version]);
  // A fault of a lost connection ends with it.
  useEffect(() => {
    if (live.connected) refresh.current();
  }, [live.connected]);
  useEffect(() => {
    if (refreshOn !== "on return") return;
    const again = (): void => refresh.current();
    addEventListener("focus", again);
    return () => removeEventListener("focus", again);
  }, [refreshOn]);
  const reload = useCallback(() => refresh.current(), []);
  const isOwn = state.path === path;
  return { value: isOwn ? state.value : null, fault: isOwn ? state.fault : null, reload };
}

interface ListPage<T> {
  items: T[];
  more: boolean;
}

const INITIAL_ROWS = 50;
/** More rows than this no page shows: who looks for others narrows the list. */
export const MAX_ROWS = 500;

/** A list's newest rows, more of them when asked. `isOld`: they are what was asked for before. */
export function useList<T = JsonObject>(
  path: string,
  query: Record<string, string>,
): Resource<ListPage<T>> & { isOld: boolean; showMore: (() => void) | null } {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  const [visible, setShown] = useState({ search, rows: INITIAL_ROWS });
  const rows = visible.search === search ? visible.rows : INITIAL_ROWS;
  const listed = useResource<ListPage<T>>(`${path}?${search}${search === "" ? "" : "&"}limit=${rows}`);
  const last = useRef<{ search: string; value: ListPage<T> | null }>({ search, value: null });
  if (listed.value !== null) last.current = { search, value: listed.value };
  const isOld = last.current.search !== search;
  const isMore = !isOld && last.current.value?.more === true && rows < MAX_ROWS;
  return {
    ...listed,
    value: last.current.value, // while others come, those that are there stay
    isOld,
    showMore: isMore ? () => setShown({ search, rows: Math.min(MAX_ROWS, rows + 2 * INITIAL_ROWS) }) : null,
  };
}
