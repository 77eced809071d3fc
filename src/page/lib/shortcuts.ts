import { useEffect } from "preact/hooks";
import { linkTo, parseRoute, type View } from "./route.js";
import { replaceRoute } from "./use-route.js";

export const SHORTCUTS: [keys: string, does: string][] = [
  ["j or ↓", "next in the list"],
  ["k or ↑", "previous in the list"],
  ["Enter", "open"],
  ["/", "search"],
  ["m", "messages"],
  ["r", "runs"],
  ["u", "recipients: users and objects"],
  ["t", "trigger a workflow"],
  ["c", "the clock"],
  ["n", "advance the clock to what is due next (at the clock)"],
  ["Esc", "close, back to the list"],
  ["?", "this list"],
];

const VIEWS: Record<string, View> = { m: "messages", r: "runs", u: "users", t: "trigger", c: "clock" };

const first = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

/** The next or previous row is focused; beside its list on a wide screen it is opened, too. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const focused =
    document.activeElement?.closest<HTMLElement>("[data-row]") ?? first('[data-row][aria-current="true"]');
  const at = focused ? rows.indexOf(focused) + by : by > 0 ? 0 : rows.length - 1;
  const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
  if (row === undefined) return;
  row.focus();
  if (!row.closest(".panes") || !matchMedia("(min-width: 60rem)").matches) return;
  // Who steps through many gets back to the list at once.
  if (parseRoute(location.hash).id !== null) replaceRoute(row.getAttribute("href") ?? "");
  else row.click();
}

function leave(target: HTMLElement | null): void {
  if (target?.matches("input, select, textarea")) target.blur();
  else first("[data-back]")?.click();
}

/** Keys that work wherever no text is typed. */
export function useShortcuts(showHelp: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (first("dialog[open]")) return; // it has its own
      if (event.key === "Escape") return leave(target);
      if (target?.matches("input, select, textarea, [role=tab]")) return;
      const arrows = target === null || target === document.body || target.closest(".rows") !== null;
      const done = ((): boolean => {
        switch (event.key) {
          case "j":
            step(1);
            return true;
          case "k":
            step(-1);
            return true;
          case "ArrowDown":
          case "ArrowUp":
            if (!arrows || !first("[data-row]")) return false;
            step(event.key === "ArrowDown" ? 1 : -1);
            return true;
          case "/":
            first("[data-search]")?.focus();
            return true;
          case "n":
            first("[data-advance]")?.click();
            return true;
          case "?":
            showHelp();
            return true;
          default: {
            const view = VIEWS[event.key];
            if (view !== undefined) location.hash = linkTo(view);
            return view !== undefined;
          }
        }
      })();
      if (done) event.preventDefault();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [showHelp]);
}
