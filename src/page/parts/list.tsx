import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { JsonObject } from "../../util/json.js";
import { buildLink, type Route, VIEW_NAMES } from "../lib/route.js";
import { MAX_ROWS, type useList } from "../lib/use-resource.js";
import { replaceRoute } from "../lib/use-route.js";
import { Empty, Fault, LoadMore } from "./basics.js";

/**
 * Returns the IDs that have appeared at the top since the list was first displayed with these filters. They are
 * highlighted for a moment.
 */
function useNewIds(search: string, ids: readonly string[] | null): ReadonlySet<string> {
  const seen = useRef<{ search: string; known: Set<string> | null; fresh: Set<string> }>({
    search,
    known: null,
    fresh: new Set(),
  });
  if (seen.current.search !== search) seen.current = { search, known: null, fresh: new Set() };
  const { known, fresh } = seen.current;
  if (ids === null) return fresh;
  if (known === null) seen.current.known = new Set(ids);
  else {
    const above = ids.findIndex((id) => known.has(id));
    for (const id of above < 0 ? ids : ids.slice(0, above)) fresh.add(id);
    for (const id of ids) known.add(id);
  }
  return fresh;
}

interface ListProps {
  label: string;
  route: Route;
  list: ReturnType<typeof useList<JsonObject>>;
  row(item: JsonObject): ComponentChildren;
  empty: ComponentChildren;
}

/** Displays the rows of a list. Each row links to its item. */
function List({ label, route, list, row, empty }: ListProps) {
  const { value, fault, isOld, showMore } = list;
  const ids = isOld ? null : (value?.items.map(({ id }) => String(id)) ?? null);
  const fresh = useNewIds(JSON.stringify(route.query), ids);
  const isThere = value !== null;
  // A link may open an item far down the list, so its row is scrolled into view.
  useLayoutEffect(() => {
    if (isThere) document.querySelector('[data-row][aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  }, [isThere]);
  return (
    <>
      <Fault text={fault} />
      <p class="unseen" role="status">
        {fresh.size === 0 ? "" : `${fresh.size} new`}
      </p>
      {!isOld && value?.items.length === 0 ? empty : null}
      <ul class="rows" aria-label={label}>
        {value?.items.map((item) => {
          const id = String(item.id);
          return (
            <li key={id} class={fresh.has(id) ? "new" : undefined}>
              <a
                class="row"
                href={buildLink(route.view, id, route.query)}
                aria-current={route.id === id ? "true" : undefined}
                data-row={id}
              >
                {row(item)}
              </a>
            </li>
          );
        })}
      </ul>
      <LoadMore onClick={showMore} />
      {value?.more && showMore === null && value.items.length >= MAX_ROWS ? (
        <p class="hint">Only the newest {MAX_ROWS} are shown. Search to find others.</p>
      ) : null}
    </>
  );
}

interface FiltersProps {
  route: Route;
  /** The name of the search; absent for a list without one. */
  placeholder?: string;
  /** `any` is the text of the option that selects everything. */
  selects: { name: string; label: string; any?: string; options: [value: string, text: string][] }[];
  /** Filters that a link adds. They can only be removed here. */
  fixed?: { name: string; text: (value: string) => string }[];
}

/** Displays the search and the filters, which are kept in the URL. */
function Filters({ route, placeholder, selects, fixed = [] }: FiltersProps) {
  const set = (name: string, value: string): void =>
    replaceRoute(buildLink(route.view, route.id, { ...route.query, [name]: value }));
  return (
    <search class="filters">
      {placeholder === undefined ? null : (
        <input
          type="search"
          data-search
          aria-label={placeholder}
          placeholder={`${placeholder}  ( / )`}
          value={route.query.q ?? ""}
          onInput={({ currentTarget }) => set("q", currentTarget.value)}
        />
      )}
      {selects.map(({ name, label, any, options }) => (
        <select
          key={name}
          aria-label={label}
          value={route.query[name] ?? ""}
          onChange={({ currentTarget }) => set(name, currentTarget.value)}
        >
          <option value="">{any ?? `Any ${label.toLowerCase()}`}</option>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      ))}
      {fixed
        .filter(({ name }) => route.query[name])
        .map(({ name, text }) => (
          <button key={name} type="button" class="filter" onClick={() => set(name, "")}>
            {text(route.query[name] ?? "")} <span aria-hidden="true">×</span>
            <span class="unseen">(remove this filter)</span>
          </button>
        ))}
    </search>
  );
}

/** The screens with space for only one pane, as in the style sheet. */
export const NARROW = "(max-width: 60rem)";

/** Displays a list beside its open item. On a narrow screen only one of them is visible. */
function Panes({ route, list, children }: { route: Route; list: ComponentChildren; children: ComponentChildren }) {
  const detail = useRef<HTMLElement | null>(null);
  const before = useRef({ id: route.id, scrolled: 0 });
  useLayoutEffect(() => {
    const main = detail.current?.closest("main");
    const saveScrollPosition = (): void => {
      if (before.current.id === null && main) before.current.scrolled = main.scrollTop;
    };
    main?.addEventListener("scroll", saveScrollPosition, { passive: true });
    return () => main?.removeEventListener("scroll", saveScrollPosition);
  }, []);
  useLayoutEffect(() => {
    const pane = detail.current;
    const main = pane?.closest("main");
    const { id, scrolled } = before.current;
    before.current = { id: route.id, scrolled };
    if (!pane || !main || id === route.id) return;
    pane.scrollTop = 0;
    if (!matchMedia(NARROW).matches) return;
    // One pane replaces the other: the focus moves with it, and the list gets its scroll position back.
    if (route.id === null) {
      main.scrollTop = scrolled;
      if (id !== null) main.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus();
    } else {
      main.scrollTop = 0;
      pane.focus();
    }
  }, [route.id]);
  return (
    <div class={`panes ${route.id === null ? "" : "opened"}`}>
      <section class="list-pane" aria-label="List">
        {route.id === null ? <h1 class="unseen">{VIEW_NAMES[route.view]}</h1> : null}
        {list}
      </section>
      <section class="detail-pane" aria-label="Detail" ref={detail} tabIndex={-1}>
        {route.id === null ? null : (
          <a class="back" href={buildLink(route.view, null, route.query)} data-back>
            <span aria-hidden="true">←</span> All {VIEW_NAMES[route.view].toLowerCase()}
          </a>
        )}
        {children}
      </section>
    </div>
  );
}

interface ListViewProps extends Omit<ListProps, "empty">, FiltersProps {
  /** The name of one item, such as `message`. */
  noun: string;
  isFiltered: boolean;
  /** The text of a list without items, if nothing is filtered. */
  none: ComponentChildren;
  /** The text beside the list while no item is open. */
  hint: ComponentChildren;
  /** Returns the open item. */
  detail(id: string): ComponentChildren;
}

/** Displays a list with its search and filters beside its open item. */
export function ListView({ route, list, label, row, noun, isFiltered, none, hint, detail, ...filters }: ListViewProps) {
  const showAll = buildLink(route.view, null, { kind: route.query.kind ?? "" });
  const empty = isFiltered ? (
    <Empty title={`No ${noun} matches`}>
      <p>
        <a href={showAll}>Show all {noun}s</a>
      </p>
    </Empty>
  ) : (
    <Empty title={`No ${noun}s yet`}>
      <p>{none}</p>
    </Empty>
  );
  const rows = (
    <>
      <Filters route={route} {...filters} />
      <List label={label} route={route} list={list} row={row} empty={empty} />
    </>
  );
  return (
    <Panes route={route} list={rows}>
      {route.id !== null ? (
        detail(route.id)
      ) : list.value?.items.length ? (
        <Empty title={`Choose ${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`}>
          <p>{hint}</p>
        </Empty>
      ) : null}
    </Panes>
  );
}
