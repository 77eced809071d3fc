import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { JsonObject } from "../../util/json.js";
import { formatError, sendRequest } from "./api.js";
import { useLive } from "./live.js";

interface Resource<T> {
  /** The last response for this path; null until there is one. */
  value: T | null;
  /** The error of the last request; null if it succeeded. */
  fault: string | null;
  reload(): void;
}

/** The shortest time between two requests, however many changes are reported. */
const MIN_REQUEST_INTERVAL_MS = 250;

/**
 * Reads a resource and reads it again after every change. A null path reads nothing. The last value stays until the
 * next response. With `on return` the resource is read again when the window gets the focus instead, for data whose
 * changes the store does not report.
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
    let requestedAt = 0;
    const read = async (): Promise<void> => {
      timer = undefined;
      isBusy = true;
      isStale = false;
      requestedAt = Date.now();
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
      isStale = true; // a response on its way may be from before the change
      if (isBusy || abort.signal.aborted) return;
      timer ??= setTimeout(() => void read(), Math.max(0, requestedAt + MIN_REQUEST_INTERVAL_MS - Date.now()));
    };
    refresh.current();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path]);
  // Runs after every change, because each one increases `version`.
  useEffect(() => refresh.current(), [version]);
  // The error of a lost connection disappears when the connection is back.
  useEffect(() => {
    if (live.connected) refresh.current();
  }, [live.connected]);
  useEffect(() => {
    if (refreshOn !== "on return") return;
    const onFocus = (): void => refresh.current();
    addEventListener("focus", onFocus);
    return () => removeEventListener("focus", onFocus);
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
/** The most rows that the page displays. Filters and the search find other rows. */
export const MAX_ROWS = 500;

/**
 * Reads the newest rows of a list, and more on request. `isOld` means that the rows still belong to the previous
 * filters.
 */
export function useList<T = JsonObject>(
  path: string,
  query: Record<string, string>,
): Resource<ListPage<T>> & { isOld: boolean; showMore: (() => void) | null } {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  const [visible, setVisible] = useState({ search, rows: INITIAL_ROWS });
  const rows = visible.search === search ? visible.rows : INITIAL_ROWS;
  const listed = useResource<ListPage<T>>(`${path}?${search}${search === "" ? "" : "&"}limit=${rows}`);
  const last = useRef<{ search: string; value: ListPage<T> | null }>({ search, value: null });
  if (listed.value !== null) last.current = { search, value: listed.value };
  const isOld = last.current.search !== search;
  const isMore = !isOld && last.current.value?.more === true && rows < MAX_ROWS;
  return {
    ...listed,
    value: last.current.value, // the current rows stay until the new ones arrive
    isOld,
    showMore: isMore ? () => setVisible({ search, rows: Math.min(MAX_ROWS, rows + 2 * INITIAL_ROWS) }) : null,
  };
}
