import { useState } from "preact/hooks";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { getStepLabel } from "../../domain/run/step-labels.js";
import { formatDuration } from "../../util/duration.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import { formatError, sendRequest } from "../lib/api.js";
import { useLive, useTick } from "../lib/live.js";
import { buildLink, type View } from "../lib/route.js";
import { formatAbsoluteTime } from "../lib/time.js";
import { useList } from "../lib/use-resource.js";
import { Chip, Facts, Fault, LinkButton, LoadMore, Time, Until } from "../parts/basics.js";

const ADVANCE_STEPS = ["1m", "10m", "1h", "1d", "7d"];

interface MoveResult {
  fault: string | null;
  /** The body of the rejected request. */
  body?: JsonObject;
  ran: JsonObject[] | null;
}

function AdvancedRuns({ ran }: { ran: JsonObject[] }) {
  return (
    <section aria-live="polite" aria-label="Runs that were due">
      <h2>{ran.length === 0 ? "No runs were due" : "Runs that were due"}</h2>
      <ul class="plain-list">
        {ran.map((run, at) => (
          <li key={String(at)}>
            <Time at={run.at} />{" "}
            <a href={buildLink("runs", String(run.recipient_run_id))}>
              {String(run.workflow)} for {formatRecipient(run.recipient)}
            </a>{" "}
            {filterObjects(run.steps)
              .filter(({ outcome }) => outcome !== "passed")
              .map((step) => (
                <span key={String(step.ref)} class="ran-step">
                  {String(step.ref)} <Chip status={getStepLabel(String(step.outcome), step.message_status)} />
                </span>
              ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

const DUE_VIEWS: Record<string, View> = { run: "runs", message: "messages", schedule: "schedules" };

/** Lists the next events, with links to the waiting runs, the queued messages and the schedules. */
function Due() {
  const { value, fault, showMore } = useList("page/due", {});
  return (
    <section aria-label="Due next">
      <h2>Due next</h2>
      <Fault text={fault} />
      {value?.items.length === 0 ? (
        <p class="hint">Nothing waits. Runs with a delay or batch, queued messages and schedules appear here.</p>
      ) : null}
      <ul class="due-list">
        {value?.items.map(({ kind, id, at, workflow, recipient }) => (
          <li key={`${String(kind)} ${String(id)}`}>
            <Until at={String(at)} />
            <a href={buildLink(DUE_VIEWS[String(kind)] ?? "runs", String(id))}>
              {String(workflow)} for {formatRecipient(recipient)}
            </a>
            <span class="chip">{String(kind)}</span>
          </li>
        ))}
      </ul>
      <LoadMore onClick={showMore} />
      <p class="actions small">
        <LinkButton to={buildLink("schedules")}>Schedules</LinkButton>
        <LinkButton to={buildLink("runs", null, { status: "paused" })}>Waiting runs</LinkButton>
      </p>
    </section>
  );
}

export function ClockView() {
  const { clock, now } = useLive();
  useTick(1_000);
  const [{ fault, body: refusedBody, ran }, setRan] = useState<MoveResult>({ fault: null, ran: null });
  const [by, setBy] = useState("30m");
  const [to, setTo] = useState("");
  const moveClock = (body: JsonObject): void => {
    sendRequest<JsonObject>("POST clock", body).then(
      (answer) => setRan({ fault: null, ran: "advance" in body || "set" in body ? filterObjects(answer.ran) : null }),
      (error: unknown) => setRan({ fault: formatError(error), body, ran: null }),
    );
  };
  if (clock === null) return null;
  const next = clock.next_due_at === null ? null : Date.parse(clock.next_due_at);
  const ahead = Math.abs(clock.offset_ms) < 1_000 ? null : formatDuration(Math.abs(clock.offset_ms));
  return (
    <div class="single">
      <header class="detail-head">
        <h1 class="big-clock">
          <time dateTime={new Date(now()).toISOString()}>{formatAbsoluteTime(now())}</time>
        </h1>
        <Facts
          of={[
            ["State", clock.frozen ? "stopped: the clock is frozen" : "running"],
            ["Offset", ahead === null ? "" : `${ahead} ${clock.offset_ms > 0 ? "ahead of" : "behind"} real time`],
            [
              "Next due",
              next === null ? (
                "nothing is scheduled"
              ) : (
                <>
                  <Until at={String(clock.next_due_at)} /> <span class="muted">({formatAbsoluteTime(next)})</span>
                </>
              ),
            ],
          ]}
        />
      </header>
      <p class="actions">
        <button
          type="button"
          class="primary"
          aria-disabled={next === null}
          data-advance
          onClick={() => next !== null && moveClock({ advance: "next" })}
        >
          Jump to the next event
        </button>
        {ADVANCE_STEPS.map((step) => (
          <button key={step} type="button" onClick={() => moveClock({ advance: step })}>
            + {step}
          </button>
        ))}
      </p>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          moveClock({ advance: by });
        }}
      >
        <label>
          Advance by
          <input value={by} onInput={({ currentTarget }) => setBy(currentTarget.value)} />
        </label>
        <button type="submit">Advance</button>
      </form>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          moveClock({ set: to });
        }}
      >
        <label>
          Set to (UTC)
          <input
            placeholder="2030-01-10T09:00:00Z"
            value={to}
            onInput={({ currentTarget }) => setTo(currentTarget.value)}
          />
        </label>
        <button type="submit">Set</button>
      </form>
      <p class="actions">
        <button type="button" onClick={() => moveClock(clock.frozen ? { reset: true } : { freeze: true })}>
          {clock.frozen ? "Return to real time" : "Freeze"}
        </button>
        {clock.frozen || ahead === null ? null : (
          <button type="button" onClick={() => moveClock({ reset: true })}>
            Return to real time
          </button>
        )}
      </p>
      <Fault text={fault} />
      {typeof refusedBody?.set === "string" && Date.parse(refusedBody.set) < now() ? (
        <p class="actions">
          <button type="button" onClick={() => moveClock({ ...refusedBody, force: true })}>
            Set it back anyway
          </button>
          <span class="hint">Completed runs do not change.</span>
        </p>
      ) : null}
      {ran === null ? null : <AdvancedRuns ran={ran} />}
      <Due />
    </div>
  );
}
