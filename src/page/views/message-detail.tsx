import { useState } from "preact/hooks";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { buildEmailTabs, listEmailFacts } from "../content/email.js";
import { getContent, MessageContent } from "../content/message-content.js";
import { formatError, sendRequest } from "../lib/api.js";
import { getChannelLabel, getTone } from "../lib/labels.js";
import { buildLink } from "../lib/route.js";
import { useResource } from "../lib/use-resource.js";
import { useTitle } from "../lib/use-route.js";
import { Chip, Code, Facts, Fault, LinkButton, NotFound, RecipientLink, Tabs, Time } from "../parts/basics.js";
import { Events } from "../parts/events.js";

/** Returns the provider's reason for a failed delivery; null if the delivery succeeded or is not finished. */
function findFailure({ status, events }: JsonObject): string | null {
  if (getTone(status) !== "bad") return null;
  const failureDetails = filterObjects(events).map(({ data }) => (isJsonObject(data) ? data.failure_details : null));
  return failureDetails.filter((detail) => typeof detail === "string")[0] ?? null;
}

/** Actions of the recipient: the status, the status that undoes it, and the label of each. */
const MARK_ACTIONS = [
  ["seen", "unseen", "Mark seen", "Mark unseen"],
  ["read", "unread", "Mark read", "Mark unread"],
  ["archived", "unarchived", "Archive", "Unarchive"],
] as const;

function formatTitle(message: JsonObject): string {
  const { subject_line, title } = getContent(message);
  const { type } = isJsonObject(message.channel) ? message.channel : {};
  return String(subject_line || title || `${getChannelLabel(type)} to ${formatRecipient(message.recipient)}`);
}

export function MessageDetail({ id }: { id: string }) {
  const { value: message, fault, reload } = useResource(`page/messages/${encodeURIComponent(id)}`);
  const [marking, setMarking] = useState<string | null>(null);
  useTitle(message === null ? null : formatTitle(message));
  if (message === null) return fault === null ? null : <NotFound what="message" fault={fault} />;
  const channel = isJsonObject(message.channel) ? message.channel : {};
  const source = isJsonObject(message.source) ? message.source : {};
  const content = getContent(message);
  const isEmail = content.__typename === "MessageEmailContent";
  const isSandboxed = isJsonObject(message.metadata) && message.metadata.sandbox === true;
  const title = formatTitle(message);
  const engagementStatuses = Array.isArray(message.engagement_statuses) ? message.engagement_statuses : [];
  const mark = (status: string): void => {
    sendRequest(`POST page/messages/${encodeURIComponent(id)}/mark`, { status }).then(
      () => {
        setMarking(null);
        reload();
      },
      (error: unknown) => setMarking(formatError(error)),
    );
  };
  return (
    <article aria-label={title}>
      <header class="detail-head">
        <div class="title-line">
          <h1>{title}</h1>
          <p class="chips">
            <Chip status={message.status} />
            {isSandboxed && message.status !== "not_sent" ? (
              <span class="chip plain" title="Rendered and stored, but not delivered">
                sandbox
              </span>
            ) : null}
            {engagementStatuses.map((status) => (
              <Chip key={String(status)} status={status} />
            ))}
          </p>
        </div>
        <Facts
          of={[
            ...(isEmail ? listEmailFacts(content) : []),
            ["Recipient", <RecipientLink to={message.recipient} />],
            ["Channel", `${getChannelLabel(channel.type)} · ${String(channel.key)}`],
            [
              source.type === "guide" ? "Guide" : "Workflow",
              `${String(message.workflow)} · ${String(source.step_ref)}`,
            ],
            ["Tenant", message.tenant ? String(message.tenant) : ""],
            ["Created", <Time at={message.inserted_at} />],
            ["Held until", message.scheduled_at ? <Time at={message.scheduled_at} /> : ""],
          ]}
        />
        <p class="actions small">
          {source.workflow_recipient_run_id ? (
            <LinkButton to={buildLink("runs", String(source.workflow_recipient_run_id))}>Show the run</LinkButton>
          ) : null}
          {MARK_ACTIONS.map(([status, undo, name, undoName]) => {
            const isSet = message[`${status}_at`] !== null;
            return (
              <button key={status} type="button" onClick={() => mark(isSet ? undo : status)}>
                {isSet ? undoName : name}
              </button>
            );
          })}
        </p>
        <Fault text={findFailure(message)} />
        <Fault text={marking ?? fault} />
      </header>
      <Tabs
        label="Message"
        tabs={[
          ...(isEmail
            ? buildEmailTabs({ src: `/__knock/page/messages/${encodeURIComponent(id)}/html` }, content)
            : [{ name: "Preview", show: () => <MessageContent message={message} /> }]),
          { name: "Data", show: () => <Code value={message.data} label="Data" /> },
          { name: "Events", show: () => <Events events={filterObjects(message.events)} /> },
          { name: "JSON", show: () => <Code value={message} label="The message as JSON" /> },
        ]}
      />
    </article>
  );
}
