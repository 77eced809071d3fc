// Generates docs/reference/providers.md from the catalog of providers.
import { loadProgram } from "../documentation/load-program.mjs";
import { formatDefault, formatProse, formatTable, joinParts, toAnchor } from "../documentation/markdown.mjs";
import { splitDefault } from "../documentation/schema-page.mjs";

const KINDS = { secret: "secret", number: "whole number", flag: "true or false", url: "URL", domain: "domain" };

const INTRODUCTION = `# Providers

A channel with \`"deliver": true\` in [\`environment.json\`](files/environment-json.md) sends messages with its provider. All other channels are sandboxed: their messages are rendered and stored. [Real delivery](../guide/real-delivery.md) shows a channel that delivers, and explains retries and statuses.

A secret is the name of an environment variable, such as \`"$SMTP_PASSWORD"\`. A literal secret is rejected. Other settings may also name a variable. Each setting of a provider is also accepted in camel case (\`apiKey\`).`;

function formatSetting(name, { kind, values, required, alias, liquid }, description) {
  const { text, default: value } = splitDefault(description);
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

const RESULTS = { bounced: "`bounced`", permanent: "`undelivered`, not retried", temporary: "retried" };

/** Returns sentences about what the vendor's API can do. */
function formatCapabilities({ documentation, capabilities }) {
  const {
    idempotency_key: key,
    delivery_status: ways,
    max_bytes: size,
    rate_limit_header: header,
    max_characters: length,
  } = capabilities;
  return [
    `[Documentation of the vendor](${documentation}).`,
    key === undefined
      ? "A repeat after an interruption can arrive twice."
      : `\`${key}\` prevents that a repeat arrives twice.`,
    ...(ways.includes("polled") ? ["The delivery status is requested after sending."] : []),
    ...(ways.includes("webhook") ? ["The vendor's webhook can send it to `/v1/providers/<channel>/events`."] : []),
    ...(ways.length === 0 ? ["The last status is known with the response."] : []),
    ...(size === undefined ? [] : [`A request may have ${size / 1_000_000} MB.`]),
    ...(length === undefined ? [] : [`A text may have ${length} characters.`]),
    ...(header === undefined ? [] : [`After a rate limit, the delivery waits for the time in \`${header}\`.`]),
  ].join(" ");
}

/** Returns the table of failures that the status of the response does not decide. */
function formatFailures({ failures }) {
  if (failures.length === 0) return "";
  const rows = failures.map(({ status, codes, meaning, result }) => [
    meaning,
    status === undefined ? "" : status.join(", "),
    codes === undefined ? "" : formatNames(codes),
    RESULTS[result],
  ]);
  return formatTable(["Failure", "Status", "Code", "Result"], rows);
}

export async function buildPages() {
  const { getProviderCatalog, PROVIDER_SETTING_DESCRIPTIONS, CHANNEL_TYPE_DEFINITIONS, describeSetting } =
    await loadProgram();
  const catalog = getProviderCatalog();
  const used = catalog.flatMap(({ settings }) => Object.entries(settings));
  const unused = Object.keys(PROVIDER_SETTING_DESCRIPTIONS).filter((name) => !used.some(([known]) => known === name));
  const faults = [
    ...used.flatMap(([name, setting]) => (describeSetting(name, setting) === "" ? [name] : [])),
    ...unused,
  ];
  if (faults.length > 0) throw new Error(`settings without a description, or without a provider: ${faults.join(", ")}`);
  const isRepeated = ({ title }) => catalog.filter((other) => other.title === title).length > 1;
  const toHeading = (provider) => (isRepeated(provider) ? `${provider.title} (${provider.type})` : provider.title);
  const sections = catalog.flatMap((provider) => {
    return [
      `## ${toHeading(provider)}`,
      `Channel type \`${provider.type}\`. \`provider\`: ${provider.names.map((name) => `\`${name}\``).join(" or ")}.`,
      provider.request,
      formatCapabilities(provider),
      formatTable(
        ["Setting", "Type", "Description", "Default"],
        Object.entries(provider.settings).map(([name, setting]) =>
          formatSetting(name, setting, describeSetting(name, setting)),
        ),
      ),
      formatRules(provider),
      formatFailures(provider),
    ];
  });
  const rows = catalog.map((provider) => [
    `[${provider.title}](#${toAnchor(toHeading(provider))})`,
    `\`${provider.type}\``,
    `\`${provider.names[0]}\``,
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
