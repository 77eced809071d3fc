import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { FeedItem } from "../content/feed-item.js";
import type { Project } from "../lib/project.js";
import { buildLink } from "../lib/route.js";
import { useList, useResource } from "../lib/use-resource.js";
import { useTitle } from "../lib/use-route.js";
import { Code, Facts, Fault, LinkButton, LoadMore, NotFound, RecipientLink, Tabs } from "../parts/basics.js";
import { Preferences } from "./preferences.js";

function Feed({ user, channel }: { user: string; channel: string }) {
  const { value, fault, showMore } = useList(
    `page/users/${encodeURIComponent(user)}/feeds/${encodeURIComponent(channel)}`,
    {},
  );
  const meta = isJsonObject((value as { meta?: unknown } | null)?.meta)
    ? (value as unknown as { meta: Record<string, unknown> }).meta
    : {};
  return (
    <div class="feed">
      <Fault text={fault} />
      {value === null ? null : (
        <p class="hint">
          {String(meta.total_count)} items, {String(meta.unseen_count)} unseen, {String(meta.unread_count)} unread
        </p>
      )}
      {value?.items.length === 0 ? <p class="hint">Nothing in this feed yet.</p> : null}
      <ul class="feed-list">
        {value?.items.map((item) => (
          <li key={String(item.id)}>
            <FeedItem blocks={item.blocks} actors={item.actors} at={item.inserted_at} isRead={item.read_at !== null} />
            <a href={buildLink("messages", String(item.id))}>Show the message</a>
          </li>
        ))}
      </ul>
      <LoadMore onClick={showMore} />
    </div>
  );
}

/** Returns the contact fields of an object's properties, which take precedence over the fields of its shape. */
function pickContactFields({ name, email, phone_number }: JsonObject): JsonObject {
  return { name: name ?? null, email: email ?? null, phone_number: phone_number ?? null };
}

const formatProperties = (properties: unknown): string =>
  isJsonObject(properties) && Object.keys(properties).length > 0 ? JSON.stringify(properties) : "";

/** Displays the objects or recipients of subscriptions, with each subscription's properties. */
function Subscriptions({ of, none }: { of: JsonObject[]; none: string }) {
  if (of.length === 0) return <p class="hint">{none}</p>;
  return (
    <ul class="subscriptions">
      {of.map(({ of: other, properties }) => (
        <li key={formatRecipient(other)}>
          <RecipientLink to={other} /> <span class="muted">{formatProperties(properties)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Displays a user, or an object such as `projects/p1`. */
export function UserDetail({ id, project }: { id: string; project: Project | null }) {
  const { value, fault, reload } = useResource(`page/users/${encodeURIComponent(id)}`);
  const shape = isJsonObject(value?.user) ? value.user : {};
  const user = isJsonObject(shape.properties)
    ? { ...shape.properties, ...shape, ...pickContactFields(shape.properties) }
    : shape;
  const name = String(user.name ?? id);
  useTitle(value === null ? null : name);
  if (value === null)
    return fault === null ? null : (
      <NotFound what={id.includes("/") ? "object" : "user"} fault={fault}>
        <p>
          <a href={buildLink("messages", null, { q: id })}>Search messages for {id}</a>
        </p>
      </NotFound>
    );
  const feeds = Array.isArray(value.feeds) ? value.feeds.map(String) : [];
  const subscribers = filterObjects(value.subscribers);
  const subscriptions = filterObjects(value.subscriptions);
  return (
    <article aria-label={name}>
      <header class="detail-head">
        <h1>{name}</h1>
        <Facts
          of={[
            ["ID", <code>{id}</code>],
            ["Email", user.email ? String(user.email) : ""],
            ["Phone", user.phone_number ? String(user.phone_number) : ""],
            ["Time zone", user.timezone ? String(user.timezone) : ""],
            ["Locale", user.locale ? String(user.locale) : ""],
          ]}
        />
        <p class="actions">
          <LinkButton to={buildLink("messages", null, { recipient: id })}>Messages</LinkButton>
          <LinkButton to={buildLink("runs", null, { recipient: id })}>Runs</LinkButton>
          <LinkButton to={buildLink("trigger", null, { recipient: id })}>Trigger for {name}</LinkButton>
        </p>
        <Fault text={fault} />
      </header>
      <Tabs
        label="User"
        tabs={[
          {
            name: "Preferences",
            show: () => (
              <Preferences user={id} sets={filterObjects(value.preferences)} project={project} onChange={reload} />
            ),
          },
          ...feeds.map((channel) => ({
            name: feeds.length === 1 ? "Feed" : `Feed ${channel}`,
            show: () => <Feed user={id} channel={channel} />,
          })),
          ...(Array.isArray(value.subscribers)
            ? [
                {
                  name: "Subscribers",
                  show: () => <Subscriptions of={subscribers} none="This object has no subscribers." />,
                },
              ]
            : []),
          {
            name: "Subscriptions",
            show: () => <Subscriptions of={subscriptions} none="No subscriptions to objects." />,
          },
          { name: "Properties", show: () => <Code value={shape} label="Properties" /> },
        ]}
      />
    </article>
  );
}
