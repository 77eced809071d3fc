import { useEffect } from "preact/hooks";
import { formatDeliveryStatus } from "../../domain/message/message.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { getChannelLabel, replaceUnderscores } from "../lib/labels.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList } from "../lib/use-resource.js";
import { replaceRoute } from "../lib/use-route.js";
import { Chip, Time } from "../parts/basics.js";
import { Icon } from "../parts/icon.js";
import { ListView, NARROW } from "../parts/list.js";
import { MessageDetail } from "./message-detail.js";

const STATUSES = ["queued", "sent", "delivered", "delivery_attempted", "undelivered", "bounced", "not_sent"];

function Row({ message }: { message: JsonObject }) {
  const channel = isJsonObject(message.channel) ? message.channel : {};
  const engaged = Array.isArray(message.engagement_statuses) ? message.engagement_statuses.map(String) : [];
  return (
    <>
      <span class="row-icon" title={getChannelLabel(channel.type)}>
        <Icon name={String(channel.type)} />
      </span>
      <span class="row-main">
        <span class="row-title">
          <span class="unseen">{getChannelLabel(channel.type)}: </span>
          {String(message.title || message.text || "(empty)")}
        </span>
        {message.title && message.text ? <span class="row-text">{String(message.text)}</span> : null}
        <span class="row-foot">
          {formatRecipient(message.recipient)} <span class="dot">·</span> {String(message.workflow)}
        </span>
      </span>
      <span class="row-side">
        <Time at={message.inserted_at} />
        <Chip status={engaged.at(-1) ?? message.status} />
      </span>
    </>
  );
}

export function Messages({ route, project }: { route: Route; project: Project | null }) {
  const { q = "", workflow = "", channel = "", status = "", recipient = "" } = route.query;
  const list = useList("page/messages", { q, workflow, channel, status, recipient });
  const newest = list.value?.items[0]?.id;
  // Only the bare address opens the newest message: a later one must not replace what someone reads.
  useEffect(() => {
    if (newest !== undefined && location.hash === "" && !matchMedia(NARROW).matches)
      replaceRoute(buildLink("messages", String(newest)));
  }, [newest]);
  return (
    <ListView
      route={route}
      noun="message"
      label="Messages"
      placeholder="Search messages"
      selects={[
        { name: "workflow", label: "Workflow", options: (project?.workflows ?? []).map((key) => [key, key]) },
        { name: "channel", label: "Channel", options: (project?.channels ?? []).map(({ key }) => [key, key]) },
        {
          name: "status",
          label: "Status",
          options: STATUSES.map((name) => [name, replaceUnderscores(formatDeliveryStatus(name))]),
        },
      ]}
      fixed={[{ name: "recipient", text: (value) => `to ${value}` }]}
      list={list}
      row={(message) => <Row message={message} />}
      isFiltered={q + workflow + channel + status + recipient !== ""}
      none={
        <>
          They appear here as they are created. Run your application with <code>KNOCK_BASE_URL={location.origin}</code>,
          or <a href={buildLink("trigger")}>trigger a workflow</a> from this page.
        </>
      }
      hint={
        <>
          <kbd>j</kbd> and <kbd>k</kbd> move through the list, <kbd>?</kbd> shows all keys.
        </>
      }
      detail={(id) => <MessageDetail key={id} id={id} />}
    />
  );
}
