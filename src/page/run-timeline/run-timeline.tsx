import { useLayoutEffect, useRef } from "preact/hooks";
import { formatDeliveryStatus } from "../../domain/message/message.js";
import { replaceUnderscores, type Tone } from "../lib/labels.js";
import { buildMomentLink, type Route } from "../lib/route.js";
import { formatAbsoluteTime } from "../lib/time.js";
import { replaceRoute } from "../lib/use-route.js";
import { Fault } from "../parts/basics.js";
import type { Moment, Moments } from "./use-moments.js";

/** The moments that are drawn at once. Others appear when the chosen moment comes near them. */
const DRAWN = 200;
const PAGE = 10;

const LABELS: Record<string, string> = {
  run_started: "triggered",
  run_paused: "waiting",
  run_resumed: "continued",
  run_halted: "ended early",
  run_completed: "completed",
  run_cancelled: "canceled",
  step_started: "started",
  step_completed: "passed",
  step_skipped: "skipped",
  step_failed: "failed",
  step_retried: "will be tried again",
  message_enqueued: "message created",
  batch_joined: "joined the open batch",
};

const TONES: Record<string, Tone> = {
  step_completed: "good",
  run_completed: "good",
  run_paused: "wait",
  "message.sent": "good",
  "message.delivered": "good",
};

function getLabel({ event }: Moment): string {
  const message = event.replace("message.", "");
  if (message !== event) return `message ${replaceUnderscores(formatDeliveryStatus(message))}`;
  return LABELS[event] ?? replaceUnderscores(event);
}

const formatTime = ({ at }: Moment): string => formatAbsoluteTime(Date.parse(at));

function MomentOption({ moment, isChosen, isTabStop, choose }: MomentProps) {
  const { id, at, detail, is_error, step_ref } = moment;
  return (
    <div
      role="option"
      aria-selected={isChosen}
      tabIndex={isTabStop ? 0 : -1}
      class={`moment ${is_error ? "bad" : (TONES[moment.event] ?? "")}`}
      data-moment={id}
      onClick={choose}
      onKeyDown={({ key }) => (key === "Enter" || key === " " ? choose() : undefined)}
    >
      <time dateTime={at}>
        <span class="moment-date">{formatTime(moment).slice(0, 11)}</span>
        {formatTime(moment).slice(11, 19)}
      </time>
      <span>
        {step_ref === null ? null : <code>{step_ref}</code>} <b>{getLabel(moment)}</b>{" "}
        {detail === null ? null : <span class="muted">{detail}</span>}
      </span>
    </div>
  );
}

interface MomentProps {
  moment: Moment;
  isChosen: boolean;
  isTabStop: boolean;
  choose(): void;
}

/**
 * Displays the events of a run. Choosing one shows the run as it was then, and puts it into the address. The arrow keys move to the
 * next or previous moment.
 */
export function RunTimeline({ id, route, moments: { items, fault } }: { id: string; route: Route; moments: Moments }) {
  const list = useRef<HTMLDivElement | null>(null);
  const movesFocus = useRef(false);
  const all = items ?? [];
  const index = all.findIndex((moment) => moment.id === route.moment);
  const chosen = all[index];
  const open = (moment: string | null): void => replaceRoute(buildMomentLink(id, moment, route.query));
  const choose = (at: number): void => open(all[Math.max(0, Math.min(all.length - 1, at))]?.id ?? null);
  const focusTabStop = (): void => list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  useLayoutEffect(() => {
    const option = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    const box = list.current;
    if (!option || !box) return;
    // `scrollIntoView` would also scroll the page.
    if (option.offsetTop < box.scrollTop) box.scrollTop = option.offsetTop;
    const below = option.offsetTop + option.offsetHeight - box.clientHeight;
    if (below > box.scrollTop) box.scrollTop = below;
    // The focused option may no longer be drawn.
    if (movesFocus.current || box.contains(document.activeElement)) option.focus({ preventScroll: true });
    movesFocus.current = false;
  }, [route.moment, items === null]);
  if (items === null) return <Fault text={fault} />;
  const backToNow = (): void => {
    open(null);
    focusTabStop();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = all.length - 1;
    const from = index < 0 ? all.length : index;
    const targets: Record<string, number> = {
      ArrowDown: from + 1,
      ArrowRight: from + 1,
      ArrowUp: from - 1,
      ArrowLeft: from - 1,
      PageDown: from + PAGE,
      PageUp: from - PAGE,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (event.key === "Escape" && chosen !== undefined) backToNow();
    else if (target === undefined) return;
    else {
      movesFocus.current = true;
      choose(target);
    }
    event.preventDefault();
  };
  const tabStop = index < 0 ? all.length - 1 : index;
  const first = Math.max(0, Math.min(tabStop - DRAWN / 2, all.length - DRAWN));
  const drawn = all.slice(first, first + DRAWN);
  return (
    <>
      <section aria-label="Timeline">
        <h2>Timeline</h2>
        <Fault text={route.moment !== null && chosen === undefined ? "The run has no such moment." : fault} />
        <div
          ref={list}
          role="listbox"
          class="moments"
          aria-label="Moments of the run"
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {drawn.map((moment, at) => (
            <MomentOption
              key={moment.id}
              moment={moment}
              isChosen={moment === chosen}
              isTabStop={first + at === tabStop}
              choose={() => open(moment.id)}
            />
          ))}
        </div>
        {all.length > DRAWN ? (
          <p class="hint">
            Moments {first + 1} to {first + drawn.length} of {all.length}. Home and End go to the first and last one.
          </p>
        ) : null}
      </section>
      <div class={chosen === undefined ? "moment-bar" : "moment-bar chosen"}>
        <p class="hint" role="status">
          {chosen === undefined ? (
            "Choose a moment to see the run as it was then."
          ) : (
            <>
              <b>
                {index + 1} of {all.length}
              </b>{" "}
              · {chosen.step_ref} {getLabel(chosen)} · {formatTime(chosen)}
            </>
          )}
        </p>
        {chosen === undefined ? null : (
          <span class="small">
            <button
              type="button"
              aria-label="Previous moment"
              aria-disabled={index === 0}
              onClick={() => choose(index - 1)}
            >
              ‹
            </button>
            <button
              type="button"
              aria-label="Next moment"
              aria-disabled={index === all.length - 1}
              onClick={() => choose(index + 1)}
            >
              ›
            </button>
            <button type="button" onClick={backToNow}>
              Back to now
            </button>
          </span>
        )}
      </div>
    </>
  );
}
