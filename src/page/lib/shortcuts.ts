import { useEffect } from "preact/hooks";
import { buildLink, parseRoute, type View } from "./route.js";
import { replaceRoute } from "./use-route.js";

export const SHORTCUTS: [keys: string, does: string][] = [
  ["j or ↓", "next in the list"],
  ["k or ↑", "previous in the list"],
  ["Enter", "open"],
  ["/", "search"],
  ["m", "messages"],
  ["r", "runs"],
  ["u", "recipients: users and objects"],
  ["w", "workflows"],
  ["q", "requests of deliveries, fetch steps and webhooks"],
  ["t", "trigger a workflow"],
  ["c", "the clock, and what is due"],
  ["s", "schedules"],
  ["n", "jump to the next event (at the clock)"],
  ["Esc", "close, back to the list"],
  ["?", "this list"],
];

const VIEW_KEYS: Record<string, View> = {
  m: "messages",
  r: "runs",
  u: "users",
  t: "trigger",
  c: "clock",
  w: "workflows",
  q: "requests",
  s: "schedules",
};

const findFirst = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

/** Focuses the next or previous row. If a wide screen displays the list beside an open item, the row is also opened. */
function moveFocus(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const focused =
    document.activeElement?.closest<HTMLElement>("[data-row]") ?? findFirst('[data-row][aria-current="true"]');
  const at = focused ? rows.indexOf(focused) + by : by > 0 ? 0 : rows.length - 1;
  const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
  if (row === undefined) return;
  row.focus();
  if (!row.closest(".panes") || !matchMedia("(min-width: 60rem)").matches) return;
  // The history entry is replaced, so that one step back returns to the list, however many rows were opened.
  if (parseRoute(location.hash).id !== null) replaceRoute(row.getAttribute("href") ?? "");
  else row.click();
}

function closeOrBlur(target: HTMLElement | null): void {
  if (target?.matches("input, select, textarea")) target.blur();
  else findFirst("[data-back]")?.click();
}

/** Handles the keyboard shortcuts, which work except in text inputs. */
export function useShortcuts(showHelp: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (findFirst("dialog[open]")) return; // an open dialog handles its own keys
      if (event.key === "Escape") return closeOrBlur(target);
      if (target?.matches("input, select, textarea, [role=tab]")) return;
      const arrows = target === null || target === document.body || target.closest(".rows") !== null;
      const isHandled = ((): boolean => {
        switch (event.key) {
          case "j":
            moveFocus(1);
            return true;
          case "k":
            moveFocus(-1);
            return true;
          case "ArrowDown":
          case "ArrowUp":
            if (!arrows || !findFirst("[data-row]")) return false;
            moveFocus(event.key === "ArrowDown" ? 1 : -1);
            return true;
          case "/":
            findFirst("[data-search]")?.focus();
            return true;
          case "n":
            findFirst("[data-advance]")?.click();
            return true;
          case "?":
            showHelp();
            return true;
          default: {
            const view = VIEW_KEYS[event.key];
            if (view !== undefined) location.hash = buildLink(view);
            return view !== undefined;
          }
        }
      })();
      if (isHandled) event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [showHelp]);
}
