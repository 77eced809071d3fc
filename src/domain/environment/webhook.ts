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

const NO_COMMITS = "a project's files have nothing to commit";
const NO_SOURCES = "sources belong to the hosted service";

/** Event types of outbound webhooks that are never sent from here, with the reason. */
const UNSENT_EVENT_REASONS: Readonly<Record<string, string>> = Object.fromEntries([
  ...RESOURCES.map((name) => [`${name}.committed`, NO_COMMITS]),
  ["source_event_action.updated", NO_SOURCES],
]);

/** Every event type of outbound webhooks; there is none for `created`, `queued` and `not_sent`. */
export const WEBHOOK_EVENTS: readonly string[] = [
  ...MESSAGE_EVENTS.map((type) => `message.${type}`),
  ...["started", "completed", "error"].map((type) => `workflow_recipient_run.${type}`),
  ...RESOURCES.flatMap((name) => [`${name}.updated`, `${name}.committed`]),
];

/** Where events are sent to (contract, section 6). */
export interface Webhook {
  url: string;
  /** Null: all of them. */
  events: readonly string[] | null;
  /** The environment variable that holds the key; null: unsigned. */
  signing_key: string | null;
}

/** Messages have events that no webhook is told of. */
export function isSubscribedTo({ events }: Webhook, type: string): boolean {
  return (events ?? WEBHOOK_EVENTS).includes(type);
}

/** What webhooks ask for in vain, a line each. */
export function collectWebhookWarnings(webhooks: readonly Webhook[]): string[] {
  return webhooks.flatMap(({ events }, index) =>
    (events ?? []).flatMap((type) => {
      const reason = UNSENT_EVENT_REASONS[type];
      return reason === undefined ? [] : [`webhooks[${index}]: ${type} is never sent by the local API: ${reason}`];
    }),
  );
}
