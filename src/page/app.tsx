import { useCallback, useRef } from "preact/hooks";
import { formatDuration } from "../util/duration.js";
import { LiveContext, useLive, useLiveChanges, useTick } from "./lib/live.js";
import type { Project } from "./lib/project.js";
import { buildLink, NAVIGATION_VIEWS, type Route, VIEW_NAMES } from "./lib/route.js";
import { SHORTCUTS, useShortcuts } from "./lib/shortcuts.js";
import { useTheme } from "./lib/theme.js";
import { useResource } from "./lib/use-resource.js";
import { useRoute, useTitle } from "./lib/use-route.js";
import { Icon } from "./parts/icon.js";
import { ClockView } from "./views/clock.js";
import { Messages } from "./views/messages.js";
import { Requests } from "./views/requests.js";
import { Runs } from "./views/runs.js";
import { Schedules } from "./views/schedules.js";
import { Trigger } from "./views/trigger.js";
import { Users } from "./views/users.js";
import { Workflows } from "./views/workflows.js";

/** Displays the emulator's clock: its time, its offset from real time if it was moved, and the next due work. */
function ClockLine() {
  const { clock, now, connected } = useLive();
  useTick(1_000);
  if (clock === null) return <span class="clock-line">{connected ? "" : "connecting…"}</span>;
  const isMoved = Math.abs(clock.offset_ms) >= 1_000;
  const next = clock.next_due_at === null ? null : Date.parse(clock.next_due_at) - now();
  return (
    <a class="clock-line" href={buildLink("clock")}>
      <span role="status">
        <span class={connected ? "live" : "live lost"} aria-hidden="true" />
        {connected ? <span class="unseen">Live</span> : "Not connected"}
      </span>
      {connected ? <span class="clock-time">{new Date(now()).toISOString().slice(11, 19)} UTC</span> : null}
      {clock.frozen ? <span class="chip wait">frozen</span> : null}
      {isMoved && !clock.frozen ? (
        <span class="chip wait">
          {clock.offset_ms > 0 ? "+" : "−"}
          {formatDuration(Math.abs(clock.offset_ms))}
        </span>
      ) : null}
      {next === null || !connected ? null : (
        <span class="muted clock-next">{next <= 0 ? "due now" : `next in ${formatDuration(next)}`}</span>
      )}
    </a>
  );
}

function Help({ dialog }: { dialog: { current: HTMLDialogElement | null } }) {
  return (
    <dialog ref={dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {SHORTCUTS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

function CurrentView({ route, project }: { route: Route; project: Project | null }) {
  switch (route.view) {
    case "messages":
      return <Messages route={route} project={project} />;
    case "runs":
      return <Runs route={route} project={project} />;
    case "users":
      return <Users route={route} project={project} />;
    case "workflows":
      return <Workflows route={route} />;
    case "requests":
      return <Requests route={route} />;
    case "schedules":
      return <Schedules route={route} project={project} />;
    case "trigger":
      return <Trigger route={route} project={project} />;
    case "clock":
      return <ClockView />;
  }
}

function Page() {
  const route = useRoute();
  const [theme, nextTheme] = useTheme();
  const { value: project } = useResource<Project>("page/project");
  const help = useRef<HTMLDialogElement | null>(null);
  const showHelp = useCallback(() => help.current?.showModal(), []);
  useShortcuts(showHelp);
  const current = route.view === "schedules" ? "clock" : route.view;
  useTitle(route.id ?? VIEW_NAMES[route.view]);
  return (
    <>
      <header class="bar">
        <a class="brand" href={buildLink("messages")}>
          knock <span class="muted">dev</span>
        </a>
        <nav aria-label="Views">
          {NAVIGATION_VIEWS.map((view) => (
            <a key={view} href={buildLink(view)} aria-current={view === current ? "page" : undefined}>
              <Icon name={view} />
              <span>{VIEW_NAMES[view]}</span>
            </a>
          ))}
        </nav>
        <ClockLine />
        <span class="bar-buttons">
          <button
            type="button"
            class="quiet"
            onClick={nextTheme}
            aria-label={`Colors: ${theme}. Change`}
            title={`Colors: ${theme}`}
          >
            {theme === "light" ? "☀" : theme === "dark" ? "☾" : "◐"}
          </button>
          <button type="button" class="quiet" onClick={showHelp} aria-label="Keys" title="Keys (?)">
            ?
          </button>
        </span>
      </header>
      <main>
        <CurrentView route={route} project={project} />
      </main>
      <Help dialog={help} />
    </>
  );
}

export function App() {
  return (
    <LiveContext.Provider value={useLiveChanges()}>
      <Page />
    </LiveContext.Provider>
  );
}
