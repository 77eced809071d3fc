import * as z from "zod/mini";
import { describeInvalidAddressRange, describeInvalidUrl } from "../../domain/environment/allow-list.js";
import { checkVariables, parseVariableReference } from "../../domain/environment/secret-variables.js";
import { WEBHOOK_EVENTS } from "../../domain/environment/webhook.js";
import { type ReportFinding, reportBelow } from "../../domain/findings/report-finding.js";
import { preferenceCenterSchema } from "../../domain/preferences/preference-center-schema.js";
import { preferenceSetSchema } from "../../domain/preferences/preference-set-schema.js";
import {
  anyObject,
  checkedString,
  described,
  lazySchema,
  optional,
  record,
  rule,
  schemaReference,
  wholeNumber,
} from "../../domain/schema/fields.js";
import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject, stringifyValue } from "../../util/json.js";
import { once } from "../../util/once.js";
import { channelGroupSchema, channelSchema } from "./channel-schema.js";
import { agentSchema, fetchSchema } from "./declared-responses-schema.js";

function describeInvalidSigningKey(value: string): string | null {
  if (parseVariableReference(value) !== null) return null;
  return 'is a secret and must name an environment variable, such as "$KNOCK_WEBHOOK_KEY": never write it here';
}

function describeInvalidEvent(value: string): string | null {
  if (WEBHOOK_EVENTS.includes(value)) return null;
  // Users write "sent" for "message.sent".
  const near = WEBHOOK_EVENTS.find((name) => name.endsWith(`.${value}`)) ?? findNearest(value, WEBHOOK_EVENTS);
  const names = near === undefined ? `events are ${WEBHOOK_EVENTS.join(", ")}` : `did you mean "${near}"?`;
  return `must be a webhook event, found ${JSON.stringify(value)}; ${names}`;
}

/** Reports webhooks that have the same URL and the same events as an earlier one. */
function checkDistinctWebhooks(webhooks: unknown, report: ReportFinding): void {
  if (!Array.isArray(webhooks)) return;
  const indexes = new Map<string, number>();
  for (const [index, webhook] of webhooks.entries()) {
    const { url, events } = (webhook ?? {}) as Record<string, unknown>;
    if (typeof url !== "string") continue;
    const name = JSON.stringify([url, events ?? null]);
    const other = indexes.get(name);
    if (other === undefined) indexes.set(name, index);
    else report([index, "url"], `has the same events as webhooks[${other}]`);
  }
}

/** The schema of `webhooks` in `environment.json`, to which the local API sends events. */
const webhooksSchema = once(() => {
  const event = checkedString(describeInvalidEvent).check(z.meta({ enum: WEBHOOK_EVENTS }));
  const webhook = z.strictObject({
    url: described(
      checkedString(describeInvalidUrl),
      "The URL that events are sent to.",
      "https://app.example.com/webhooks/knock",
    ),
    events: described(
      optional(
        z.array(event).check(z.minLength(1, { error: "must name an event; without the list, all events are sent" })),
      ),
      "The events that are sent. Default: all.",
      ["message.sent", "message.bounced"],
    ),
    signing_key: described(
      optional(checkedString(describeInvalidSigningKey)),
      'The environment variable with the key that signs requests, such as "$KNOCK_WEBHOOK_KEY".',
    ),
  });
  return z.array(webhook);
});

/** Returns why a key cannot be sent as a bearer token, or null. The sentence never contains the key. */
function describeInvalidAccessKey(key: string): string | null {
  if (/^[\x21-\x7e]+$/.test(key)) return null;
  return "must be printable ASCII without spaces: clients send it as a bearer token";
}

/**
 * Returns why a text is not an origin as browsers send it, or null. An origin has no path and is in lower case; `null`
 * is that of a local file.
 */
function describeInvalidOrigin(origin: string): string | null {
  if (origin === "null" || (describeInvalidUrl(origin) === null && new URL(origin).origin === origin)) return null;
  return `must be an origin such as "https://app.example.com", found ${JSON.stringify(origin)}`;
}

/**
 * Returns why a tracking URL is invalid, or null. It becomes the beginning of links and must be valid in all of them.
 */
function describeInvalidTrackingUrl(url: string): string | null {
  if (/^https?:\/\/[^\s/?#@"'<>][^\s?#@"'<>]*$/i.test(url)) return null;
  return "must be an http:// or https:// URL without a query";
}

/** Reports channels in a group whose declared type differs from the type of the group. */
function checkChannelGroupTypes({ channels, channel_groups: groups }: JsonObject, report: ReportFinding): void {
  if (!isJsonObject(channels) || !isJsonObject(groups)) return;
  for (const [key, group] of Object.entries(groups)) {
    if (!isJsonObject(group) || !Array.isArray(group.rules)) continue;
    for (const [index, entry] of group.rules.entries()) {
      const name = isJsonObject(entry) && typeof entry.channel === "string" ? entry.channel : "";
      const channel = Object.hasOwn(channels, name) ? channels[name] : null;
      if (!isJsonObject(channel) || channel.type === undefined || channel.type === group.type) continue;
      report(
        ["channel_groups", key, "rules", index, "channel"],
        `"${name}" is of type "${stringifyValue(channel.type)}", but the group's type is "${stringifyValue(group.type)}"`,
      );
    }
  }
}

/**
 * The schema of an `environment.json`. Sections that a file does not have are not built.
 */
export const environmentSchema = once(() => {
  const text = (description: string, example?: unknown) => described(optional(z.string()), description, example);
  const lazySection = <T extends z.ZodMiniType>(make: () => T, description: string, example?: unknown) =>
    described(optional(lazySchema(make)), description, example);
  return described(
    z
      .strictObject({
        $schema: schemaReference(),
        name: text("The name of the environment. Default: development."),
        timezone: text("The time zone of recipients without one. Default: Etc/UTC.", "Europe/Paris"),
        locale: text("The account's default locale for translations. Default: en.", "en"),
        channels: lazySection(
          () => record(optional(channelSchema())),
          "Channels by key. null: not configured in this environment.",
        ),
        channel_groups: lazySection(() => record(channelGroupSchema()), "Groups of channels by key."),
        workflows: lazySection(
          () =>
            record(
              z.strictObject({
                active: described(
                  optional(z.boolean()),
                  "Whether the workflow is active. Takes precedence over the workflow's file. Default: as in the file.",
                ),
              }),
            ),
          "Settings of workflows by key.",
        ),
        variables: lazySection(
          () => anyObject(),
          'Variables that templates read as vars.<name>. A secret one is { "value": "$NAME", "secret": true }.',
          { app_url: "https://app.example.com" },
        ),
        preferences: lazySection(
          () =>
            z.strictObject({
              default: described(optional(preferenceSetSchema()), "The default preference set of recipients."),
            }),
          "Default preferences.",
        ),
        branding: lazySection(() => anyObject(), "The account's branding, such as primary_color.", {
          primary_color: "#1f4e5f",
        }),
        preference_center: lazySection(
          preferenceCenterSchema,
          "The page on which recipients change their preferences.",
        ),
        unsubscribe_page: lazySection(
          () =>
            z.strictObject({
              title: text("The title of the page.", "See you soon"),
              body: text("The text of the page.", "You get no more news from us."),
              redirect_url: described(
                optional(checkedString(describeInvalidUrl)),
                "The URL to which recipients are redirected instead of seeing the page.",
                "https://app.example.com/unsubscribed",
              ),
            }),
          "The page that recipients see after the unsubscribe link of a commercial message.",
        ),
        fetch: lazySection(fetchSchema, "URLs that fetch steps may request, and declared responses."),
        agent: lazySection(agentSchema, "The model of AI agent steps, and declared replies."),
        private_addresses: lazySection(
          () => z.array(checkedString(describeInvalidAddressRange)),
          'Addresses and ranges of this machine and of private networks that requests may go to, such as "127.0.0.1" or "172.18.0.0/16".',
        ),
        keys: lazySection(
          () => z.array(checkedString(describeInvalidAccessKey)),
          "The API keys that the local API accepts. Default: any.",
          ["sk_local", "pk_local"],
        ),
        enhanced_security: described(
          optional(z.boolean()),
          "Whether public keys need a signed user token. Default: false.",
        ),
        signing_key: text('The key of user tokens: "$NAME" names an environment variable.', "$KNOCK_SIGNING_KEY"),
        allowed_origins: lazySection(
          () => z.array(checkedString(describeInvalidOrigin)),
          "Origins whose pages may call the local API, besides localhost.",
          ["https://app.example.com"],
        ),
        webhooks: lazySection(webhooksSchema, "Webhooks to which the local API sends events."),
        tracking: lazySection(
          () =>
            z.strictObject({
              base_url: described(
                checkedString(describeInvalidTrackingUrl),
                "The base URL of tracked links.",
                "https://go.example.com",
              ),
            }),
          "Link and open tracking. If absent, links are not rewritten.",
        ),
        guide_groups: lazySection(
          () => z.strictObject({ default: described(optional(guideGroupSchema()), "The group of all guides.") }),
          "Groups of guides.",
        ),
      })
      .check(
        rule((environment, report) => {
          checkChannelGroupTypes(environment as JsonObject, report);
          checkVariables(environment.variables, reportBelow(report, "variables"));
          checkDistinctWebhooks(environment.webhooks, reportBelow(report, "webhooks"));
        }),
      ),
    "Settings that are in the dashboard of the hosted service: channels, variables, default preferences and settings of the local API.",
  );
});

/** The schema of a guide group. */
const guideGroupSchema = () =>
  z.strictObject({
    display_sequence: described(optional(z.array(z.string())), "Keys of guides in the order in which they are shown."),
    display_sequence_unthrottled: described(optional(z.array(z.string())), "Keys of guides that ignore the interval.", [
      "first-page",
    ]),
    display_interval: described(optional(wholeNumber(1)), "Minimum time between two guides, in seconds."),
  });
