import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { Tone } from "../lib/labels.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList, useResource } from "../lib/use-resource.js";
import { Chip, Code, Facts, Fault, LinkButton, NotFound, RecipientLink, Time } from "../parts/basics.js";
import { Icon } from "../parts/icon.js";
import { ListView } from "../parts/list.js";

const WEBHOOKS = "webhooks";

function getStatusTone(status: unknown): Tone {
  return typeof status === "number" && status < 400 ? "good" : "bad";
}

/** Displays the status of a response, or that no response arrived. */
function ResponseChip({ status }: { status: unknown }) {
  return <Chip status={status ?? "no response"} tone={getStatusTone(status)} />;
}

const WEBHOOK_TONES: Record<string, Tone> = { delivered: "good", dropped: "bad", pending: "wait" };

function WebhookChip({ state }: { state: unknown }) {
  return <Chip status={state} tone={WEBHOOK_TONES[String(state)]} />;
}

function RequestRow({ request }: { request: JsonObject }) {
  const { kind, method, url, workflow, recipient, at, status, error } = request;
  return (
    <>
      <span class="row-icon">
        <Icon name={kind === "fetch" ? "http_fetch" : "http"} />
      </span>
      <span class="row-main">
        <span class="row-title">{[method, url].filter(Boolean).map(String).join(" ")}</span>
        {error && status === null ? <span class="row-text">{String(error)}</span> : null}
        <span class="row-foot">
          {formatRecipient(recipient)} <span class="dot">·</span> {String(workflow)}
        </span>
      </span>
      <span class="row-side">
        <Time at={at} />
        <ResponseChip status={status} />
      </span>
    </>
  );
}

function WebhookRow({ delivery }: { delivery: JsonObject }) {
  const attempts = filterObjects(delivery.attempts);
  return (
    <>
      <span class="row-icon">
        <Icon name="http" />
      </span>
      <span class="row-main">
        <span class="row-title">{String(delivery.type)}</span>
        <span class="row-foot">{String(delivery.url)}</span>
      </span>
      <span class="row-side">
        <Time at={attempts.at(-1)?.at} />
        <WebhookChip state={delivery.state} />
      </span>
    </>
  );
}

/** Displays the headers and the body of a request or response. Parts that were not kept are left out. */
function Parts({ of, name }: { of: Json | undefined; name: string }) {
  const { headers, body } = isJsonObject(of) ? of : {};
  const lines = isJsonObject(headers)
    ? Object.entries(headers).map(([header, value]) => `${header}: ${String(value)}`)
    : [];
  const isEmpty = lines.length === 0 && (body === undefined || body === null || body === "");
  return (
    <section aria-label={name}>
      <h2>{name}</h2>
      {lines.length > 0 ? <Code value={lines.join("\n")} label={`Headers of the ${name.toLowerCase()}`} /> : null}
      {body === undefined || body === null || body === "" ? null : (
        <Code value={body} label={`Body of the ${name.toLowerCase()}`} />
      )}
      {isEmpty ? <p class="hint">It has no body.</p> : null}
    </section>
  );
}

function RequestDetail({ id }: { id: string }) {
  const { value: request, fault } = useResource(`page/requests/${encodeURIComponent(id)}`);
  if (request === null) return fault === null ? null : <NotFound what="request" fault={fault} />;
  const { method, url, message_id, recipient_run_id, workflow, service, response } = request;
  const title = [method, url].filter(Boolean).map(String).join(" ");
  return (
    <article aria-label={title}>
      <header class="detail-head">
        <div class="title-line">
          <h1>{title}</h1>
          <ResponseChip status={request.status} />
        </div>
        <Facts
          of={[
            [recipient_run_id ? "Step" : "Provider", String(service ?? "")],
            ["Workflow", <a href={buildLink("workflows", String(workflow))}>{String(workflow)}</a>],
            ["Recipient", <RecipientLink to={request.recipient} />],
            ["Sent", <Time at={request.at} />],
          ]}
        />
        <p class="actions small">
          {message_id ? (
            <LinkButton to={buildLink("messages", String(message_id))}>Show the message</LinkButton>
          ) : (
            <LinkButton to={buildLink("runs", String(recipient_run_id))}>Show the run</LinkButton>
          )}
        </p>
        <Fault text={request.error ? String(request.error) : null} />
      </header>
      <Parts of={request.request} name="Request" />
      {response ? <Parts of={response} name="Response" /> : null}
    </article>
  );
}

function WebhookDetail({ id }: { id: string }) {
  const { value: delivery, fault } = useResource(`page/webhooks/${encodeURIComponent(id)}`);
  if (delivery === null) return fault === null ? null : <NotFound what="webhook delivery" fault={fault} />;
  const attempts = filterObjects(delivery.attempts);
  return (
    <article aria-label={String(delivery.type)}>
      <header class="detail-head">
        <div class="title-line">
          <h1>{String(delivery.type)}</h1>
          <WebhookChip state={delivery.state} />
        </div>
        <Facts
          of={[
            ["Webhook", <code>{String(delivery.url)}</code>],
            ["Next attempt", delivery.next_attempt_at ? <Time at={delivery.next_attempt_at} /> : ""],
          ]}
        />
      </header>
      <h2>Attempts</h2>
      {attempts.length === 0 ? <p class="hint">There was no attempt yet.</p> : null}
      <ul class="plain-list">
        {attempts.map(({ at, status, error, duration_ms }) => (
          <li key={String(at)}>
            <Time at={at} /> <ResponseChip status={status} />{" "}
            <span class="muted">
              {String(duration_ms)} ms{error ? ` · ${String(error)}` : ""}
            </span>
          </li>
        ))}
      </ul>
      <Parts of={{ body: delivery.body ?? null }} name="Request" />
    </article>
  );
}

const NONE: Record<string, string> = {
  "": "Sandboxed channels send none. Give a channel a provider with deliver in environment.json, and its requests appear here.",
  fetch: "Fetch steps send a request when a run reaches them.",
  [WEBHOOKS]: "Declare webhooks in environment.json. Their deliveries appear here.",
};

/** Displays the requests of deliveries, of fetch steps, or of webhooks. */
export function Requests({ route }: { route: Route }) {
  const { q = "", kind = "" } = route.query;
  const isWebhooks = kind === WEBHOOKS;
  const list = useList(isWebhooks ? "page/webhooks" : "page/requests", { q, ...(isWebhooks ? {} : { kind }) });
  return (
    <ListView
      route={route}
      noun="request"
      label="Requests"
      placeholder="Search requests"
      selects={[
        {
          name: "kind",
          label: "Kind",
          any: "Deliveries of messages",
          options: [
            ["fetch", "Fetch steps"],
            [WEBHOOKS, "Webhooks"],
          ],
        },
      ]}
      list={list}
      row={(item) => (isWebhooks ? <WebhookRow delivery={item} /> : <RequestRow request={item} />)}
      isFiltered={q !== ""}
      none={NONE[kind]}
      hint="The request and its response are shown with their bodies."
      detail={(id) => (isWebhooks ? <WebhookDetail key={id} id={id} /> : <RequestDetail key={id} id={id} />)}
    />
  );
}
