// Generates docs/reference/providers.md from the catalog of providers.
import { loadProgram } from "../documentation/load-program.mjs";
import { formatDefault, formatProse, formatTable, joinParts, toAnchor } from "../documentation/markdown.mjs";
import { splitDefault } from "../documentation/schema-page.mjs";

/** The request of each provider, and how the result of a delivery is known. */
const REQUESTS = {
  smtp: "Sends a MIME message in an SMTP session. The last status is `sent`. The `Message-ID` contains the message's ID.",
  sendgrid: "Sends `POST https://api.sendgrid.com/v3/mail/send`. `custom_args` contain the message's ID.",
  postmark: "Sends `POST https://api.postmarkapp.com/email`. `Metadata` contains the message's ID.",
  resend: "Sends `POST https://api.resend.com/emails`. The message's ID is the idempotency key.",
  twilio: "Sends `POST https://api.twilio.com/2010-04-01/Accounts/<account_id>/Messages.json`.",
  fcm: "Sends `POST https://fcm.googleapis.com/v1/projects/<project_id>/messages:send`, one request per device token. The device gets the message's ID with the data.",
  apns: "Sends `POST https://api.push.apple.com/3/device/<token>` over HTTP/2, one request per device token. A repeat has the same `apns-id`.",
  expo: "Sends `POST https://exp.host/--/api/v2/push/send`, one request per device token.",
  slack:
    "Sends `POST https://slack.com/api/chat.postMessage` with the connection's, the tenant's or the channel's token, or a request to the connection's incoming webhook. Markdown becomes Slack's mrkdwn.",
  discord:
    "Sends `POST https://discord.com/api/v10/channels/<channel_id>/messages` as the bot, or a request to the connection's incoming webhook.",
  "ms-teams":
    "Sends an activity to the connection's conversation as the bot, or a request to the connection's incoming webhook. Markdown becomes an adaptive card.",
  "knock-webhook":
    "Sends the request of the step's template. A 2xx status means `delivered`. The message's ID is sent as `idempotency-key`. With a signing key, `x-webhook-signature` contains `t=<milliseconds>,s=<HMAC-SHA256 of \"<t>.<body>\" in Base64>`. A local URL, or one in a private network, needs an entry in `private_addresses` of `environment.json`.",
};

const KINDS = { secret: "secret", number: "whole number", flag: "true or false", url: "URL" };

const INTRODUCTION = `# Providers

A channel with \`"deliver": true\` in [\`environment.json\`](files/environment-json.md) sends messages with its provider. All other channels are sandboxed: their messages are rendered and stored. [Real delivery](../guide/real-delivery.md) shows a channel that delivers, and explains retries and statuses.

A secret is the name of an environment variable, such as \`"$SMTP_PASSWORD"\`. A literal secret is rejected. Other settings may also name a variable. Each setting of a provider is also accepted in camel case (\`apiKey\`).`;

function formatSetting(name, { kind, values, required, alias, liquid }, descriptions) {
  const { text, default: value } = splitDefault(descriptions[name]);
  const type = values === undefined ? (KINDS[kind] ?? "string") : values.map((item) => `\`${item}\``).join(", ");
  const notes = [formatProse(text)];
  if (alias !== undefined) notes.push(`Alias: \`${alias}\`.`);
  if (liquid) notes.push("Can also be Liquid.");
  return [
    `\`${name}\``,
    required ? `${type}, **required**` : type,
    notes.join(" "),
    value === null ? "" : formatDefault(value),
  ];
}

const formatNames = (names) => names.map((name) => `\`${name}\``).join(", ");

/** Returns sentences about settings that depend on each other. */
function formatRules({ one_of: alternatives = [], beside = {}, login }) {
  return [
    ...alternatives.map((names) => `Exactly one of ${formatNames(names)} is required.`),
    ...Object.entries(beside).map(([name, others]) => `\`${name}\` also requires ${formatNames(others)}.`),
    ...(login === undefined
      ? []
      : [`${formatNames(login.settings)} are required unless \`${login.host}\` is localhost.`]),
  ].join(" ");
}

export async function buildPages() {
  const { getProviderCatalog, PROVIDER_SETTING_DESCRIPTIONS, CHANNEL_TYPE_DEFINITIONS } = await loadProgram();
  const catalog = getProviderCatalog();
  const used = new Set(catalog.flatMap(({ settings }) => Object.keys(settings)));
  const names = new Set([...used, ...Object.keys(PROVIDER_SETTING_DESCRIPTIONS)]);
  const undescribed = [...names].filter((name) => !used.has(name) || !(name in PROVIDER_SETTING_DESCRIPTIONS));
  if (undescribed.length > 0)
    throw new Error(`settings without a description, or without a provider: ${undescribed.join(", ")}`);
  const sections = catalog.flatMap((provider) => {
    if (REQUESTS[provider.vendor] === undefined)
      throw new Error(`scripts/docs/providers.mjs does not describe ${provider.vendor}`);
    return [
      `## ${provider.title}`,
      `Channel type \`${provider.type}\`. \`provider\`: ${provider.names.map((name) => `\`${name}\``).join(" or ")}.`,
      REQUESTS[provider.vendor],
      formatTable(
        ["Setting", "Type", "Description", "Default"],
        Object.entries(provider.settings).map(([name, setting]) =>
          formatSetting(name, setting, PROVIDER_SETTING_DESCRIPTIONS),
        ),
      ),
      formatRules(provider),
    ];
  });
  const rows = catalog.map(({ title, type, names: [name] }) => [
    `[${title}](#${toAnchor(title)})`,
    `\`${type}\``,
    `\`${name}\``,
  ]);
  const common = Object.entries(CHANNEL_TYPE_DEFINITIONS).flatMap(([type, { overrides, settings = [] }]) => {
    const all = [...overrides, ...settings];
    return all.length === 0 ? [] : [[`\`${type}\``, formatNames(all)]];
  });
  return {
    "docs/reference/providers.md": `${joinParts(
      INTRODUCTION,
      formatTable(["Provider", "Channel type", "`provider`"], rows),
      sections,
      "## Settings of channel types",
      "Channels also have these settings, with every provider and in the sandbox. A step can override most of them: see [channel overrides](files/workflow-json.md#channel-overrides).",
      formatTable(["Channel type", "Settings"], common),
    )}\n`,
  };
}
