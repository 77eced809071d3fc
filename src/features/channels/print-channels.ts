import { formatDeliveryStatus } from "../../domain/message/message.js";
import type { Page } from "../../output/documents/lists.js";
import type { Output } from "../../output/output.js";
import { printPageHint } from "../../output/print-runs.js";
import { printTable } from "../../output/print-table.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ChannelDetails, ChannelTest, ChannelView } from "./channel-schemas.js";

/** Returns what a channel needs to deliver, as one line. */
function formatMissing({ missing_variables, problems }: ChannelView): string {
  return [
    ...missing_variables.map((name) => `$${name}`),
    ...problems.map(({ setting, problem }) => setting || problem),
  ].join(", ");
}

export function printChannels(page: Page<ChannelView>, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map(({ key }) => key));
  if (page.items.length === 0) return output.note("no channels: add them to environment.json");
  const rows = page.items.map((channel) => [
    channel.key,
    channel.type ?? "",
    channel.provider ?? "",
    channel.delivery,
    formatMissing(channel),
  ]);
  printTable(["CHANNEL", "TYPE", "PROVIDER", "DELIVERY", "MISSING"], rows, output);
  printPageHint(page, output);
}

const formatValue = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value));

export function printChannel(channel: ChannelDetails, output: Output): void {
  if (output.verbosity.json) return output.json(channel);
  const { key, type, provider, delivery, missing_variables, problems, settings, capabilities } = channel;
  const { colors: paint } = output;
  output.line(`${paint.bold(key)}  ${type ?? ""}  ${provider ?? ""}  ${delivery}`);
  const lines = Object.entries(settings).map(([name, value]): [string, string] => {
    const isMissing = missing_variables.some((variable) => value === `$${variable}`);
    return [name, `${formatValue(value)}${isMissing ? paint.red("  not set") : ""}`];
  });
  for (const { setting, problem } of problems) lines.push([setting || "settings", paint.red(problem)]);
  if (capabilities !== null && Array.isArray(capabilities.delivery_status))
    lines.push(["status", capabilities.delivery_status.join(" or ") || "not reported"]);
  if (channel.webhook_path !== null) lines.push(["webhook", channel.webhook_path]);
  if (channel.documentation !== null) lines.push(["documentation", channel.documentation]);
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  for (const [name, text] of lines) output.line(`  ${paint.dim(name.padEnd(width))}  ${text}`);
}

function printBody(body: Json | undefined, output: Output): void {
  if (body === undefined || body === null || body === "") return;
  const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  for (const line of text.trimEnd().split("\n")) output.line(`  ${line}`.trimEnd());
}

/** Prints a request with its headers and body, and its response. */
function printExchange({ request, response }: JsonObject, output: Output): void {
  const { method = "", host = "", path = "", query, headers, body } = isJsonObject(request) ? request : {};
  const { colors: paint } = output;
  const address = `${String(host)}${String(path)}${query ? `?${String(query)}` : ""}`;
  output.line(`${paint.bold("→")} ${[method, address].filter(Boolean).join(" ")}`);
  for (const [name, value] of Object.entries(isJsonObject(headers) ? headers : {}))
    output.line(`  ${paint.dim(`${name}:`)} ${String(value)}`);
  printBody(body, output);
  const answer = isJsonObject(response) ? response : {};
  output.line(`${paint.bold("←")} ${String(answer.status ?? "no response")}`);
  printBody(answer.body, output);
}

export function printChannelTest(test: ChannelTest, output: Output): void {
  if (output.verbosity.json) return output.json(test);
  const { colors: paint } = output;
  if (!output.verbosity.quiet)
    for (const { delivery_logs } of test.messages) for (const log of delivery_logs) printExchange(log, output);
  for (const { id, status } of test.messages) {
    const mark = hasArrived(status) ? paint.green("✓") : paint.red("✗");
    const reason = test.reason === null ? "" : `: ${test.reason}`;
    output.line(`${mark} ${test.channel}  ${formatDeliveryStatus(status)}${reason}  ${paint.dim(id)}`);
  }
  if (test.messages.length === 0) output.line(`${paint.red("✗")} ${test.channel}  nothing was sent: ${test.reason}`);
  if (test.messages.some(({ status }) => status === "queued"))
    output.note("The failure is temporary: `knock worker` sends the message again.");
  else if (test.is_status_pending)
    output.note("The provider has not reported another status yet. Run `knock messages show <id>` to see it later.");
}

/** Returns whether a provider has accepted a message and reported no failure. */
export function hasArrived(status: ChannelTest["messages"][number]["status"]): boolean {
  return status === "sent" || status === "delivered";
}
