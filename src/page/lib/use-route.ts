import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { parseRoute, type Route } from "./route.js";

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  // An effect would run after the page is drawn, and miss a change of the hash before that.
  useLayoutEffect(() => {
    const read = (): void => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return route;
}

/** Sets the title of the browser's tab and history entry. Null keeps the current title. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) document.title = `${title} · knock dev`;
  }, [title]);
}

/** Opens a link without a new history entry, because filters change with every key press. */
export function replaceRoute(link: string): void {
  history.replaceState(null, "", link);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
