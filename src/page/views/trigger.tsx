import { useEffect, useState } from "preact/hooks";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import { formatError, RequestError, sendRequest } from "../lib/api.js";
import {
  buildPayload,
  buildWorkflowSample,
  createDraft,
  type Draft,
  formatCommand,
  type Workflow,
} from "../lib/draft.js";
import { readDraft, writeDraft } from "../lib/draft-store.js";
import { getStepLabel } from "../lib/labels.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useResource } from "../lib/use-resource.js";
import { replaceRoute } from "../lib/use-route.js";
import { Code, Empty, Fault } from "../parts/basics.js";
import { Data } from "../parts/data-input.js";
import { RecipientInput, RecipientsInput } from "../parts/recipients-input.js";
import { DiagramSection } from "./diagram-section.js";
import { WorkflowRow } from "./workflows.js";

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

interface Rejection {
  text: string;
  fields: ReadonlyMap<string, string>;
  /** A link to the runs of the recipients that were identified. */
  otherRunsLink?: string;
}

function Form({ workflow, project, route }: { workflow: Workflow; project: Project | null; route: Route }) {
  const { key } = workflow;
  const [draft, setDraft] = useState<Draft>(() => {
    const kept: Draft = { ...createDraft(workflow), ...readDraft(key) };
    const requested = route.query.recipient;
    return requested && !kept.recipients.includes(requested) ? { ...kept, recipients: [requested] } : kept;
  });
  const [refused, setRefused] = useState<Rejection | null>(null);
  const [isValid, setValid] = useState(true);
  const [areRecipientsValid, setRecipientsValid] = useState(true);
  const [isSending, setSending] = useState(false);
  const [formVersion, setFormVersion] = useState(0);
  const change = (part: Partial<Draft>): void =>
    setDraft((before) => {
      const next = { ...before, ...part };
      writeDraft(key, next);
      return next;
    });
  const faults = refused?.fields ?? NO_FIELDS;
  const findFieldError = (name: string): string | undefined =>
    faults.get(name) ?? [...faults].find(([field]) => field.startsWith(`${name}[`))?.[1];
  const loadLastData = async (): Promise<void> => {
    try {
      const { items } = await sendRequest<{ items: JsonObject[] }>(
        `GET page/messages?limit=1&workflow=${encodeURIComponent(key)}`,
      );
      const [last] = items;
      if (last === undefined)
        return setRefused({ text: "This workflow has not created a message yet.", fields: NO_FIELDS });
      const { data } = await sendRequest<JsonObject>(`GET page/messages/${encodeURIComponent(String(last.id))}`);
      setRefused(null);
      change({ data: data ?? {} });
      setFormVersion(formVersion + 1);
    } catch (fault) {
      setRefused({ text: formatError(fault), fields: NO_FIELDS });
    }
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    try {
      const on = draft.branch === "" ? "" : `?branch=${encodeURIComponent(draft.branch)}`;
      const path = `page/workflows/${encodeURIComponent(key)}/trigger${on}`;
      const outcome = await sendRequest<JsonObject>(`POST ${path}`, buildPayload(draft));
      const trigger = String(outcome.workflow_run_id);
      const recipients = filterObjects(outcome.recipients);
      const first = recipients.find(({ recipient_run_id }) => recipient_run_id !== null);
      const runs = buildLink("runs", first ? String(first.recipient_run_id) : null, { workflow_run_id: trigger });
      const unknown = recipients.filter(({ recipient_run_id }) => recipient_run_id === null);
      if (unknown.length === 0) location.hash = runs;
      else {
        const names = unknown.map(({ recipient }) => formatRecipient(recipient)).join(", ");
        const text = `${names}: not identified, so nothing was sent. To identify a user, give {"id":"…"} as the recipient, or add the user to a file in recipients/.`;
        setRefused({ text, fields: NO_FIELDS, ...(first ? { otherRunsLink: runs } : {}) });
        setSending(false);
      }
    } catch (fault) {
      setRefused({ text: formatError(fault), fields: fault instanceof RequestError ? fault.fields : NO_FIELDS });
      setSending(false);
      // The invalid field is focused after it was rendered, so that screen readers announce it.
      setTimeout(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    }
  };
  return (
    <form class="trigger-form" onSubmit={(event) => void send(event)} noValidate>
      <p class="steps-line">
        {workflow.steps.map((step, at) => (
          <span key={String(at)} class="chip plain">
            {getStepLabel(step)}
          </span>
        ))}
      </p>
      {draft.branch === "" ? null : (
        <button type="button" class="filter" onClick={() => change({ branch: "" })}>
          on the branch {draft.branch} <span aria-hidden="true">×</span>
          <span class="unseen">(on the main files instead)</span>
        </button>
      )}
      {workflow.active ? null : <p class="fault">This workflow is inactive. Triggers are rejected.</p>}
      <RecipientsInput
        chosen={draft.recipients}
        fault={findFieldError("recipients")}
        onChange={(recipients) => change({ recipients })}
        onValid={setRecipientsValid}
      />
      <div class="columns">
        <RecipientInput
          id="actor"
          label="Actor"
          value={draft.actor}
          fault={findFieldError("actor")}
          onInput={(actor) => change({ actor })}
        />
        <div class="field">
          <label for="tenant">Tenant</label>
          <input
            id="tenant"
            list="tenants"
            value={draft.tenant}
            onInput={({ currentTarget }) => change({ tenant: currentTarget.value })}
          />
          <datalist id="tenants">
            {project?.tenants.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          {findFieldError("tenant") ? <p class="field-fault">{findFieldError("tenant")}</p> : null}
        </div>
        <div class="field">
          <label for="cancellation-key">Cancellation key</label>
          <input
            id="cancellation-key"
            value={draft.cancellationKey}
            onInput={({ currentTarget }) => change({ cancellationKey: currentTarget.value })}
          />
          {findFieldError("cancellation_key") ? <p class="field-fault">{findFieldError("cancellation_key")}</p> : null}
        </div>
      </div>
      <Data
        key={String(formVersion)}
        workflow={workflow}
        data={draft.data}
        faults={faults}
        onChange={(data) => change({ data })}
        onValid={setValid}
      />
      <label class="check">
        <input type="checkbox" checked={draft.skipDelays} onChange={() => change({ skipDelays: !draft.skipDelays })} />{" "}
        Skip delays
      </label>
      {refused === null ? null : (
        <div class="fault" role="alert">
          <p>{refused.text}</p>
          {refused.otherRunsLink ? <a href={refused.otherRunsLink}>Show the runs of the other recipients</a> : null}
          {refused.fields.size > 1 ? (
            <ul>
              {[...refused.fields].map(([field, message]) => (
                <li key={field}>
                  <code>{field || "the body"}</code> {message}
                </li>
              ))}
            </ul>
          ) : null}
        </div>
      )}
      <p class="actions">
        <button type="submit" class="primary" disabled={!isValid || !areRecipientsValid || isSending}>
          Trigger
        </button>
        <button
          type="button"
          onClick={() => {
            change({ data: buildWorkflowSample(workflow) });
            setFormVersion(formVersion + 1);
          }}
        >
          Sample data
        </button>
        <button type="button" onClick={() => void loadLastData()}>
          Data of the last message
        </button>
        <button
          type="button"
          onClick={() => {
            change({ data: {} });
            setFormVersion(formVersion + 1);
          }}
        >
          Clear data
        </button>
      </p>
      <details>
        <summary>As a command</summary>
        <Code value={formatCommand(key, draft)} label="As a command" />
      </details>
    </form>
  );
}

export function Trigger({ route, project }: { route: Route; project: Project | null }) {
  const { value, fault } = useResource<{ items: Workflow[] }>("page/workflows", "on return");
  const workflows = value?.items ?? [];
  const chosen = workflows.find(({ key }) => key === route.id) ?? null;
  // A project's only workflow is opened without a choice.
  const [only] = workflows;
  useEffect(() => {
    if (route.id === null && only !== undefined && workflows.length === 1)
      replaceRoute(buildLink("trigger", only.key, route.query));
  });
  if (value !== null && workflows.length === 0)
    return (
      <Empty title="No workflows" whole>
        <p>
          Create <code>workflows/&lt;key&gt;/workflow.json</code> in the project, or run <code>knock init</code>.
        </p>
      </Empty>
    );
  return (
    <div class={chosen?.outline ? "single with-diagram" : "single"}>
      <header class="detail-head">
        <h1>Trigger a workflow</h1>
        <Fault text={fault} />
      </header>
      <div class="field">
        <label for="workflow">Workflow</label>
        <select
          id="workflow"
          data-first
          value={chosen?.key ?? ""}
          onChange={({ currentTarget }) => {
            location.hash = buildLink("trigger", currentTarget.value, route.query);
          }}
        >
          <option value="" disabled>
            Choose one
          </option>
          {workflows.map(({ key, name, error }) => (
            <option key={key} value={key}>
              {name === key ? key : `${name} (${key})`}
              {error === null ? "" : ": cannot be read"}
            </option>
          ))}
        </select>
      </div>
      {value !== null && route.id !== null && chosen === null ? (
        <Fault text={`There is no workflow "${route.id}".`} />
      ) : null}
      {chosen === null ? (
        <ul class="rows workflows" aria-label="Workflows">
          {workflows.map((workflow) => (
            <li key={workflow.key}>
              <a class="row" href={buildLink("trigger", workflow.key, route.query)} data-row={workflow.key}>
                <WorkflowRow workflow={workflow} />
              </a>
            </li>
          ))}
        </ul>
      ) : chosen.error !== null ? (
        <Fault text={chosen.error} />
      ) : (
        <>
          {chosen.outline === null || chosen.steps.length === 0 ? null : (
            <DiagramSection workflow={chosen} outline={chosen.outline} />
          )}
          <Form key={chosen.key} workflow={chosen} project={project} route={route} />
        </>
      )}
    </div>
  );
}
