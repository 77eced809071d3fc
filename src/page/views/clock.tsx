import { useState } from "preact/hooks";
import { ask, faultText } from "../lib/api.js";
import { type JsonObject, objectsIn } from "../lib/json.js";
import { useLive, useTick } from "../lib/live.js";
import { linkTo } from "../lib/route.js";
import { absoluteText, durationText } from "../lib/time.js";
import { fateOf, recipientText } from "../lib/words.js";
import { Chip, Facts, Fault, Time, Until } from "../parts/basics.js";

const STEPS = ["1m", "10m", "1h", "1d", "7d"];

interface Ran {
  fault: string | null;
  /** What was refused. */
  body?: JsonObject;
  ran: JsonObject[] | null;
}

function RanRuns({ ran }: { ran: JsonObject[] }) {
  return (
    <section aria-live="polite" aria-label="What ran">
      <h2>{ran.length === 0 ? "Nothing fell due on the way" : "What ran on the way"}</h2>
      <ul class="plain-list">
        {ran.map((one, at) => (
          <li key={String(at)}>
            <Time at={one.at} />{" "}
            <a href={linkTo("runs", String(one.recipient_run_id))}>
              {String(one.workflow)} for {recipientText(one.recipient)}
            </a>{" "}
            {objectsIn(one.steps)
              .filter(({ outcome }) => outcome !== "passed")
              .map((step) => (
                <span key={String(step.ref)} class="ran-step">
                  {String(step.ref)} <Chip status={fateOf(step)} />
                </span>
              ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function ClockView() {
  const { clock, now } = useLive();
  useTick(1_000);
  const [{ fault, body: refusedBody, ran }, setRan] = useState<Ran>({ fault: null, ran: null });
  const [by, setBy] = useState("30m");
  const [to, setTo] = useState("");
  const move = (body: JsonObject): void => {
    ask<JsonObject>("POST clock", body).then(
      (answer) => setRan({ fault: null, ran: "advance" in body || "set" in body ? objectsIn(answer.ran) : null }),
      (refused: unknown) => setRan({ fault: faultText(refused), body, ran: null }),
    );
  };
  if (clock === null) return null;
  const next = clock.next_due_at === null ? null : Date.parse(clock.next_due_at);
  const ahead = Math.abs(clock.offset_ms) < 1_000 ? null : durationText(clock.offset_ms);
  return (
    <div class="single">
      <header class="detail-head">
        <h1 class="big-clock">
          <time dateTime={new Date(now()).toISOString()}>{absoluteText(now())}</time>
        </h1>
        <Facts
          of={[
            ["Runs", clock.frozen ? "no: it is frozen" : "with real time"],
            ["Off real time", ahead === null ? "" : `${ahead} ${clock.offset_ms > 0 ? "ahead" : "behind"}`],
            [
              "Next due",
              next === null ? (
                "nothing waits for a time"
              ) : (
                <>
                  <Until at={String(clock.next_due_at)} /> <span class="muted">({absoluteText(next)})</span>
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
          onClick={() => next !== null && move({ advance: "next" })}
        >
          Advance to next
        </button>
        {STEPS.map((step) => (
          <button key={step} type="button" onClick={() => move({ advance: step })}>
            + {step}
          </button>
        ))}
      </p>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          move({ advance: by });
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
          move({ set: to });
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
        <button type="button" onClick={() => move(clock.frozen ? { reset: true } : { freeze: true })}>
          {clock.frozen ? "Let it run (real time)" : "Freeze"}
        </button>
        {clock.frozen || ahead === null ? null : (
          <button type="button" onClick={() => move({ reset: true })}>
            Back to real time
          </button>
        )}
      </p>
      <p>
        <a href={linkTo("runs", null, { status: "paused" })}>Runs that wait</a>
      </p>
      <Fault text={fault} />
      {typeof refusedBody?.set === "string" && Date.parse(refusedBody.set) < now() ? (
        <p class="actions">
          <button type="button" onClick={() => move({ ...refusedBody, force: true })}>
            Set it back all the same
          </button>
          <span class="hint">What already ran stays as it is.</span>
        </p>
      ) : null}
      {ran === null ? null : <RanRuns ran={ran} />}
    </div>
  );
}
