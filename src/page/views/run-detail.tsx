import { useState } from "preact/hooks";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { getStepLabel } from "../../domain/run/step-labels.js";
import type { WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import { formatDuration } from "../../util/duration.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { formatError, sendRequest } from "../lib/api.js";
import { createDraftFromRun } from "../lib/draft.js";
import { writeDraft } from "../lib/draft-store.js";
import { getChannelLabel, getTone, replaceUnderscores } from "../lib/labels.js";
import { useLive } from "../lib/live.js";
import { buildLink, type Route } from "../lib/route.js";
import { createRunProgress } from "../lib/run-progress.js";
import { formatAbsoluteTime } from "../lib/time.js";
import { useResource } from "../lib/use-resource.js";
import { useTitle } from "../lib/use-route.js";
import { Chip, Code, Facts, Fault, NotFound, RecipientLink, RunStatus, Time, Until } from "../parts/basics.js";
import { Events } from "../parts/events.js";
import { MomentDetails } from "../run-timeline/moment-details.js";
import { RunTimeline } from "../run-timeline/run-timeline.js";
import { useMoments } from "../run-timeline/use-moments.js";
import { Rerun } from "./rerun.js";
import { CopyScenario } from "./run-scenario.js";
import { WorkflowDiagram } from "./workflow-diagram.js";

function Conditions({ of }: { of: Json | undefined }) {
  const known = filterObjects(of);
  return known.length === 0 ? null : (
    <ul class="conditions">
      {known.map(({ result, text }, at) => (
        <li key={String(at)} class={result === null ? "muted" : result ? "held" : "failed"}>
          <span aria-hidden="true">{result === null ? "–" : result ? "✓" : "✗"}</span>
          <span class="unseen">{result === null ? "not evaluated: " : result ? "true: " : "false: "}</span>
          <code>{String(text)}</code>
        </li>
      ))}
    </ul>
  );
}

const SET_LABELS: Record<string, string> = {
  environment_default: "the environment's defaults",
  tenant_default: "the tenant's defaults",
};

/** Displays the reason for an outcome, the conditions with the compared values, and the preference that decided. */
function Explanation({ part }: { part: JsonObject }) {
  const reason = isJsonObject(part.reason) ? part.reason : null;
  const preference = isJsonObject(part.preference) ? part.preference : null;
  return (
    <>
      {reason ? (
        <p class="reason">
          {String(reason.meaning)}
          {reason.detail && !preference ? (
            <>
              : <code>{String(reason.detail)}</code>
            </>
          ) : null}
        </p>
      ) : null}
      <Conditions of={part.conditions} />
      {preference ? (
        <>
          <p class="reason">
            Decided by {SET_LABELS[String(preference.set)] ?? `the recipient's set ${String(preference.id)}`}:{" "}
            <code>
              {String(preference.path)}
              {preference.value === undefined ? "" : ` = ${String(preference.value)}`}
            </code>
          </p>
          <Conditions of={preference.conditions} />
        </>
      ) : null}
    </>
  );
}

function MessageLinks({ step }: { step: JsonObject }) {
  const ids = Array.isArray(step.message_ids) ? step.message_ids : step.message_id ? [step.message_id] : [];
  return ids.length === 0 ? null : (
    <p class="step-messages">
      {ids.map((id, at) => (
        <a key={String(id)} href={buildLink("messages", String(id))}>
          {ids.length === 1 ? "Show the message" : `Message ${at + 1}`}
        </a>
      ))}
    </p>
  );
}

/** Displays when a waiting step continues, with a button that advances the clock to that time. */
function ResumeTime({ at }: { at: string }) {
  const { now } = useLive();
  const [fault, setFault] = useState<string | null>(null);
  const advance = (): void => {
    sendRequest("POST clock", { set: at }).then(
      () => setFault(null),
      (error: unknown) => setFault(formatError(error)),
    );
  };
  return (
    <>
      <p class="reason step-messages small">
        <span>
          Continues <Until at={at} />
        </span>
        {Date.parse(at) > now() ? (
          <button type="button" onClick={advance}>
            Advance the clock to this time
          </button>
        ) : null}
      </p>
      <Fault text={fault} />
    </>
  );
}

/** Displays when a step continues, the reason for its outcome, and its messages. */
function Outcome({ step, hasConditions }: { step: JsonObject; hasConditions: boolean }) {
  return (
    <>
      {step.waited_until ? (
        <p class="reason">Waited until {formatAbsoluteTime(Date.parse(String(step.waited_until)))}.</p>
      ) : step.until ? (
        <ResumeTime at={String(step.until)} />
      ) : step.outcome === "waiting" ? (
        <p class="reason">Waits for an event.</p>
      ) : null}
      <Explanation part={hasConditions ? step : { ...step, conditions: null }} />
      <MessageLinks step={step} />
    </>
  );
}

/** Formats how long a step took. Times are of the emulator's clock, so a delay that the clock skipped counts in full. */
function formatTook(events: readonly JsonObject[]): string | null {
  const [first, last] = [events[0], events.at(-1)].map((event) => Date.parse(String(event?.inserted_at)));
  if (first === undefined || last === undefined || !(last > first)) return null;
  return last - first < 1_000 ? `${last - first} ms` : formatDuration(last - first);
}

/** Displays a step with the time of its last event, and the time since its first one. */
function Step({ run, step, events }: { run: JsonObject; step: JsonObject; events: readonly JsonObject[] }) {
  const [isRerunning, setRerunning] = useState(false);
  const ref = String(step.ref);
  const at = events.at(-1)?.inserted_at;
  const took = formatTook(events);
  return (
    <li class={`step ${getTone(getStepLabel(String(step.outcome), step.message_status))}`}>
      <div class="step-head">
        <h3>
          {String(step.ref)}{" "}
          <span class="muted">
            {step.channel_type ? getChannelLabel(step.channel_type) : replaceUnderscores(step.type)}
          </span>
        </h3>
        <Chip status={getStepLabel(String(step.outcome), step.message_status)} />
        {at === undefined ? null : (
          <span class="step-time">
            <time dateTime={String(at)}>{formatAbsoluteTime(Date.parse(String(at)))}</time>
            {took === null ? null : ` · took ${took}`}
          </span>
        )}
      </div>
      {step.branch ? <p class="reason">Took the branch “{String(step.branch)}”.</p> : null}
      <Outcome step={step} hasConditions />
      {isRerunning ? (
        <Rerun run={run} from={ref} onClose={() => setRerunning(false)} />
      ) : (
        <p class="step-messages small">
          <button type="button" aria-label={`Run again from here: ${ref}`} onClick={() => setRerunning(true)}>
            Run again from here
          </button>
        </p>
      )}
    </li>
  );
}

function Siblings({ run }: { run: JsonObject }) {
  const trigger = String(run.workflow_run_id);
  const { value } = useResource(`page/runs?workflow_run_id=${encodeURIComponent(trigger)}&limit=20`);
  const others = filterObjects(value?.items).filter(({ id }) => id !== run.id);
  if (others.length === 0) return null;
  return (
    <section aria-label="Other recipients of the same trigger">
      <h2>Other recipients of this trigger</h2>
      <ul class="siblings">
        {others.map((other) => (
          <li key={String(other.id)}>
            <a href={buildLink("runs", String(other.id), { workflow_run_id: trigger })}>
              {formatRecipient(other.recipient)}
            </a>{" "}
            <span class="chips">
              <RunStatus run={other} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function RunDetail({ id, route }: { id: string; route: Route }) {
  const { value: run, fault } = useResource(`page/runs/${encodeURIComponent(id)}`);
  const moments = useMoments(id, route.moment);
  useTitle(run === null ? null : `${String(run.workflow)} for ${formatRecipient(run.recipient)}`);
  if (run === null) return fault === null ? null : <NotFound what="run" fault={fault} />;
  const shown = moments.state?.run ?? run;
  const events = filterObjects(shown.events);
  const source = isJsonObject(run.trigger_source) ? run.trigger_source : {};
  const steps = filterObjects(shown.steps);
  const outline = shown.outline as unknown as WorkflowOutline;
  return (
    <article aria-label={`Run of ${String(run.workflow)}`}>
      <header class="detail-head">
        <div class="title-line">
          <h1>
            {String(run.workflow)} <span class="muted">for {formatRecipient(run.recipient)}</span>
          </h1>
          <p class="chips">
            <RunStatus run={run} />
          </p>
        </div>
        <Facts
          of={[
            ["Recipient", <RecipientLink to={run.recipient} />],
            ["Actor", run.actor ? <RecipientLink to={run.actor} /> : ""],
            ["Tenant", run.tenant ? String(run.tenant) : ""],
            ["Started", <Time at={run.inserted_at} />],
            ["Triggered by", replaceUnderscores(source.type)],
            ["Branch", run.branch ? String(run.branch) : ""],
            ["Cancellation key", source.cancellation_key ? String(source.cancellation_key) : ""],
            ["Recipient run", <code>{id}</code>],
            ["Trigger", <code>{String(run.workflow_run_id)}</code>],
          ]}
        />
        <p class="actions small">
          <a
            class="button"
            href={buildLink("trigger", String(run.workflow), { recipient: formatRecipient(run.recipient) })}
            onClick={() => writeDraft(String(run.workflow), createDraftFromRun(run))}
          >
            Trigger again
          </a>{" "}
          <CopyScenario key={id} id={id} />
        </p>
        <Fault text={fault} />
      </header>
      <RunTimeline id={id} route={route} moments={moments} />
      {shown.reason || shown.preference || filterObjects(shown.conditions).length > 0 ? (
        <section aria-label="Before the first step">
          <h2>Before the first step</h2>
          <Explanation part={shown} />
        </section>
      ) : null}
      {outline.steps.length === 0 ? null : (
        <section aria-label="Workflow">
          <h2>Workflow</h2>
          <WorkflowDiagram
            key={id}
            outline={outline}
            progress={createRunProgress(shown, outline)}
            showOutcome={(ref) => {
              const step = steps.findLast((candidate) => candidate.ref === ref);
              return step === undefined ? null : <Outcome step={step} hasConditions={false} />;
            }}
          />
        </section>
      )}
      {moments.state === null ? null : <MomentDetails state={moments.state} />}
      <h2>Steps</h2>
      {steps.length === 0 ? <p class="hint">No step was reached.</p> : null}
      <ol class="timeline" aria-label="Steps">
        {steps.map((step, at) => (
          <Step
            key={`${String(step.ref)} ${at}`}
            run={run}
            step={step}
            events={events.filter(({ step_ref }) => step_ref === step.ref)}
          />
        ))}
      </ol>
      <Siblings run={run} />
      {moments.state === null ? (
        <details>
          <summary>Data</summary>
          <Code value={run.data} label="Data" />
        </details>
      ) : null}
      <details>
        <summary>Events ({events.length})</summary>
        <Events events={events} />
      </details>
    </article>
  );
}
