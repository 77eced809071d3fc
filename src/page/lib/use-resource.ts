import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, faultText } from "./api.js";
import type { JsonObject } from "./json.js";
import { useLive } from "./live.js";

export interface Resource<T> {
  /** The last answer to this path; null until there is one. */
  value: T | null;
  /** Why there is none, or none newer. */
  fault: string | null;
  reload(): void;
}

/** At most one question in this time, however many changes are told of. */
const GAP_MS = 250;

/**
 * What a helper answers, asked anew with every change; null asks nothing. What it answered stays until the next answer.
 * What changes in the store say nothing of is asked anew when somebody comes back to the page.
 */
export function useResource<T = JsonObject>(
  path: string | null,
  anew: "with changes" | "on return" = "with changes",
): Resource<T> {
  const live = useLive();
  const version = anew === "with changes" ? live.version : 0;
  const [state, setState] = useState<{ path: string | null; value: T | null; fault: string | null }>({
    path: null,
    value: null,
    fault: null,
  });
  const refresh = useRef(() => {});
  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
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
        const value = await ask<T>(`GET ${path}`, undefined, leaving.signal);
        setState({ path, value, fault: null });
      } catch (fault) {
        if (!leaving.signal.aborted)
          setState((before) => ({ path, value: before.path === path ? before.value : null, fault: faultText(fault) }));
      }
      isBusy = false;
      if (isStale) refresh.current();
    };
    refresh.current = () => {
      isStale = true; // an answer on its way may be of before
      if (isBusy || leaving.signal.aborted) return;
      timer ??= setTimeout(() => void read(), Math.max(0, askedAt + GAP_MS - Date.now()));
    };
    refresh.current();
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [path]);
  // Not its first run alone: `version` grows with every change.
  useEffect(() => refresh.current(), [version]);
  // A fault of a lost connection ends with it.
  useEffect(() => {
    if (live.connected) refresh.current();
  }, [live.connected]);
  useEffect(() => {
    if (anew !== "on return") return;
    const again = (): void => refresh.current();
    addEventListener("focus", again);
    return () => removeEventListener("focus", again);
  }, [anew]);
  const reload = useCallback(() => refresh.current(), []);
  const isOwn = state.path === path;
  return { value: isOwn ? state.value : null, fault: isOwn ? state.fault : null, reload };
}

export interface Listed<T> {
  items: T[];
  more: boolean;
}

const ROWS = 50;
/** More rows than this no page shows: who looks for others narrows the list. */
export const MAX_ROWS = 500;

/** A list's newest rows, more of them when asked. `isOld`: they are what was asked for before. */
export function useList<T = JsonObject>(
  path: string,
  query: Record<string, string>,
): Resource<Listed<T>> & { isOld: boolean; showMore: (() => void) | null } {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  const [shown, setShown] = useState({ search, rows: ROWS });
  const rows = shown.search === search ? shown.rows : ROWS;
  const listed = useResource<Listed<T>>(`${path}?${search}${search === "" ? "" : "&"}limit=${rows}`);
  const last = useRef<{ search: string; value: Listed<T> | null }>({ search, value: null });
  if (listed.value !== null) last.current = { search, value: listed.value };
  const isOld = last.current.search !== search;
  const isMore = !isOld && last.current.value?.more === true && rows < MAX_ROWS;
  return {
    ...listed,
    value: last.current.value, // while others come, those that are there stay
    isOld,
    showMore: isMore ? () => setShown({ search, rows: Math.min(MAX_ROWS, rows + 2 * ROWS) }) : null,
  };
}
