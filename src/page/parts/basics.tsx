import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { formatDeliveryStatus } from "../../domain/message/message.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { listRunParts } from "../../domain/run/run-result.js";
import { formatDuration } from "../../util/duration.js";
import type { Json, JsonObject } from "../../util/json.js";
import { NO_RESPONSE } from "../lib/api.js";
import { getTone, replaceUnderscores, type Tone } from "../lib/labels.js";
import { useLive, useTick } from "../lib/live.js";
import { buildRecipientLink } from "../lib/route.js";
import { formatAbsoluteTime, formatRelativeTime } from "../lib/time.js";

/** Displays a status. `tone` overrides the status's own tone. */
export function Chip({ status, tone }: { status: unknown; tone?: Tone | undefined }) {
  return (
    <span class={`chip ${tone ?? getTone(formatDeliveryStatus(status))}`}>
      {replaceUnderscores(formatDeliveryStatus(status))}
    </span>
  );
}

/** Displays what a recipient run came to, or its status if it has not completed. */
export function RunStatus({ run }: { run: JsonObject }) {
  const errors = Number(run.error_count);
  const parts = listRunParts(run as Parameters<typeof listRunParts>[0]);
  return (
    <>
      {errors > 0 ? <span class="chip bad">{errors === 1 ? "1 error" : `${errors} errors`}</span> : null}
      {parts.map(({ label, text }) => (
        <Chip key={text} status={text} tone={getTone(label)} />
      ))}
    </>
  );
}

export function RecipientLink({ to }: { to: Json | undefined }) {
  return <a href={buildRecipientLink(formatRecipient(to))}>{formatRecipient(to)}</a>;
}

/** Displays a time relative to now, with the absolute time as its title. */
export function Time({ at }: { at: unknown }) {
  const { now } = useLive();
  useTick(10_000);
  const time = Date.parse(String(at));
  if (Number.isNaN(time)) return null;
  return (
    <time dateTime={String(at)} title={formatAbsoluteTime(time)}>
      {formatRelativeTime(time, now())}
    </time>
  );
}

/** Displays the time until a moment, to the second, with the absolute time as its title. */
export function Until({ at }: { at: string }) {
  const { now } = useLive();
  useTick(1_000);
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={formatAbsoluteTime(time)}>
      {time > now() ? `in ${formatDuration(time - now())}` : "now"}
    </time>
  );
}

/** Displays that there is nothing to show, and how that can change. `whole` means that it replaces the whole view. */
export function LoadMore({ onClick }: { onClick: (() => void) | null }) {
  return onClick === null ? null : (
    <button type="button" class="more" onClick={onClick}>
      Load more
    </button>
  );
}

/** Displays the description of an input and the error about it, to which the input refers by their IDs. */
export function InputNotes({ id, hint, fault }: { id: string; hint?: string | undefined; fault: string | undefined }) {
  return (
    <>
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {fault ? (
        <p class="field-fault" id={`${id}-fault`}>
          {fault}
        </p>
      ) : null}
    </>
  );
}

/** Returns the IDs of the notes of an input, for `aria-describedby`. */
export function getNoteIds(id: string, hint: string | undefined, fault: string | undefined): string | undefined {
  return [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].filter(Boolean).join(" ") || undefined;
}

export function Empty({
  title,
  whole: isPage,
  children,
}: {
  title: string;
  whole?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </div>
  );
}

/** Displays that the resource of a link does not exist. */
export function NotFound({ what, fault, children }: { what: string; fault: string; children?: ComponentChildren }) {
  if (fault === NO_RESPONSE) return <Fault text={fault} />;
  return (
    <Empty title={`No such ${what}`} whole>
      <p>{fault}</p>
      {children}
    </Empty>
  );
}

/** Displays a link to a view as a button. */
export function LinkButton({ to, children }: { to: string; children: ComponentChildren }) {
  return (
    <a class="button" href={to}>
      {children}
    </a>
  );
}

export function Fault({ text }: { text: string | null }) {
  return text === null ? null : (
    <p class="fault" role="alert">
      {text}
    </p>
  );
}

/** Displays names and values. Names without a value are omitted. */
export function Facts({ of }: { of: [name: string, value: ComponentChildren][] }) {
  const known = of.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl class="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Code({ value, label }: { value: unknown; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <section class="code" tabIndex={0} aria-label={label}>
      <pre>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>
    </section>
  );
}

export interface Tab {
  name: string;
  show: () => ComponentChildren;
}

/** Displays one of several tabs. The arrow keys select the next and previous tab. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [selected, select] = useState("");
  const group = useId();
  const open = tabs.find(({ name }) => name === selected) ?? tabs[0];
  if (open === undefined) return null;
  const onArrowKey = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(tabs.indexOf(open) + by + tabs.length) % tabs.length];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    select(next.name);
    const list = (event.currentTarget as HTMLElement).children;
    (list[tabs.indexOf(next)] as HTMLElement).focus();
  };
  const id = (name: string): string => `${group}-${name.toLowerCase()}`;
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} class="tablist" onKeyDown={onArrowKey}>
        {tabs.map(({ name }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${id(name)}`}
            aria-selected={name === open.name}
            aria-controls={name === open.name ? `panel-${id(name)}` : undefined}
            tabIndex={name === open.name ? 0 : -1}
            onClick={() => select(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${id(open.name)}`} aria-labelledby={`tab-${id(open.name)}`}>
        {open.show()}
      </div>
    </div>
  );
}
