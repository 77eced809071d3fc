const MESSAGE_EVENTS = [
  "sent",
  "delivered",
  "delivery_attempted",
  "undelivered",
  "bounced",
  "seen",
  "unseen",
  "read",
  "unread",
  "archived",
  "unarchived",
  "interacted",
  "link_clicked",
] as const;

const RESOURCES = ["workflow", "email_layout", "translation", "partial", "source_event_action"] as const;

const NO_COMMITS = "project files are not committed";
const NO_SOURCES = "sources belong to the hosted service";

/** The event types of outbound webhooks that the local API never sends, with the reason. */
const UNSENT_EVENT_REASONS: Readonly<Record<string, string>> = Object.fromEntries([
  ...RESOURCES.map((name) => [`${name}.committed`, NO_COMMITS]),
  ["source_event_action.updated", NO_SOURCES],
]);

/** All event types of outbound webhooks. They do not include `created`, `queued` and `not_sent`. */
export const WEBHOOK_EVENTS: readonly string[] = [
  ...MESSAGE_EVENTS.map((type) => `message.${type}`),
  ...["started", "completed", "error"].map((type) => `workflow_recipient_run.${type}`),
  ...RESOURCES.flatMap((name) => [`${name}.updated`, `${name}.committed`]),
];

/** A URL that events are sent to. */
export interface Webhook {
  url: string;
  /** The event types; null means all of them. */
  events: readonly string[] | null;
  /** The environment variable that contains the signing key; null if requests are not signed. */
  signing_key: string | null;
}

/**
 * Returns whether a webhook receives events of a type. Some events of messages have a type that no webhook receives.
 */
export function isSubscribedTo({ events }: Webhook, type: string): boolean {
  return (events ?? WEBHOOK_EVENTS).includes(type);
}

/** Returns a warning for each event type that webhooks name and the local API never sends. */
export function collectWebhookWarnings(webhooks: readonly Webhook[]): string[] {
  return webhooks.flatMap(({ events }, index) =>
    (events ?? []).flatMap((type) => {
      const reason = UNSENT_EVENT_REASONS[type];
      return reason === undefined ? [] : [`webhooks[${index}]: ${type} is never sent by the local API: ${reason}`];
    }),
  );
}
