import { useState } from "preact/hooks";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { formatError, RequestError, sendRequest } from "../lib/api.js";
import { cutDifference } from "../lib/cut-difference.js";
import type { Workflow } from "../lib/draft.js";
import { useResource } from "../lib/use-resource.js";
import { Fault } from "../parts/basics.js";
import { Data } from "../parts/data-input.js";

/** Returns the outcome of a step with its reason. */
function formatState(state: Json | undefined): string {
  if (!isJsonObject(state)) return "not reached";
  return state.reason ? `${String(state.outcome)} (${String(state.reason)})` : String(state.outcome);
}

function Message({ label, message }: { label: string; message: JsonObject }) {
  return (
    <li>
      <strong>{label}</strong> {String(message.step)}: {String(message.title)}
    </li>
  );
}

/** Displays a field of a message before and after, around the difference. */
function Field({ of: { field, before, after } }: { of: JsonObject }) {
  const [old, now] = cutDifference(String(before ?? ""), String(after ?? ""));
  return (
    <dl>
      <dt>{String(field)}</dt>
      <dd>
        <del>{old}</del>
      </dd>
      <dd>
        <ins>{now}</ins>
      </dd>
    </dl>
  );
}

/** Displays the messages that one recipient gains, loses or gets in another form. */
function Messages({ of: { gained, lost, changed } }: { of: JsonObject }) {
  return (
    <ul class="differences">
      {filterObjects(lost).map((message, at) => (
        <Message key={`lost ${at}`} label="Lost" message={message} />
      ))}
      {filterObjects(gained).map((message, at) => (
        <Message key={`gained ${at}`} label="Gained" message={message} />
      ))}
      {filterObjects(changed).map(({ after, fields }, at) => (
        <li key={`changed ${at}`}>
          <strong>Changed</strong> {isJsonObject(after) ? String(after.step) : ""}
          {filterObjects(fields).map((field) => (
            <Field key={String(field.field)} of={field} />
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Displays how a rerun differs from its run. */
function Differences({ report }: { report: JsonObject }) {
  const steps = filterObjects(report.steps);
  const recipients = filterObjects(report.recipients);
  return (
    <section aria-label="Differences" role="status">
      {steps.length + recipients.length === 0 ? <p>No difference: the same steps and messages.</p> : null}
      {steps.map(({ step, recipient, before, after }) => (
        <p key={`${formatRecipient(recipient)} ${String(step)}`}>
          {String(step)}: {formatState(before)}, now {formatState(after)}
        </p>
      ))}
      {recipients.map((recipient) => (
        <Messages key={formatRecipient(recipient.recipient)} of={recipient} />
      ))}
    </section>
  );
}

/** Runs a run again in a copy, from one of its steps and with other data, and displays the differences. */
export function Rerun({ run, from, onClose }: { run: JsonObject; from: string; onClose(): void }) {
  const { value } = useResource<{ items: Workflow[] }>("page/workflows", "on return");
  const [data, setData] = useState<Json>(run.data ?? {});
  const [isValid, setValid] = useState(true);
  const [fault, setFault] = useState<string | null>(null);
  const [faults, setFaults] = useState<ReadonlyMap<string, string>>(new Map());
  const [report, setReport] = useState<JsonObject | null>(null);
  const workflow = value?.items.find(({ key }) => key === run.workflow);
  const start = async (): Promise<void> => {
    setFault(null);
    setFaults(new Map());
    try {
      setReport(await sendRequest(`POST runs/${encodeURIComponent(String(run.id))}/rerun`, { from, data }));
    } catch (error) {
      setReport(null);
      setFault(formatError(error));
      if (error instanceof RequestError) setFaults(error.fields);
    }
  };
  return (
    <section aria-label={`Run again from ${from}`}>
      {workflow === undefined ? null : (
        <Data workflow={workflow} data={data} faults={faults} onChange={setData} onValid={setValid} />
      )}
      <p class="actions small">
        <button type="button" disabled={!isValid} onClick={() => void start()}>
          Run again
        </button>{" "}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
      <Fault text={fault} />
      {report === null ? null : <Differences report={report} />}
    </section>
  );
}
