import { formatDeliveryStatus } from "../domain/message/message.js";
import { formatRecipient } from "../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import { formatContent } from "./format-content.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";

const MAX_RESPONSE_LENGTH = 120;

function formatChannel(message: JsonObject): string {
  return isJsonObject(message.channel) ? String(message.channel.key) : "";
}

function formatMessageStatus(message: JsonObject): string {
  const engagement = Array.isArray(message.engagement_statuses) ? message.engagement_statuses : [];
  return [formatDeliveryStatus(String(message.status)), ...engagement.map(String)].join(", ");
}

export function printMessages(page: ListPage, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map((message) => String(message.id)));
  if (page.items.length === 0) return output.line("no messages");
  const rows = page.items.map((message) => [
    String(message.id),
    formatChannel(message),
    formatRecipient(message.recipient),
    String(message.workflow),
    formatMessageStatus(message),
    formatTime(message.inserted_at, output.zone),
  ]);
  printTable(["MESSAGE", "CHANNEL", "RECIPIENT", "WORKFLOW", "STATUS", "CREATED"], rows, output);
  printPageHint(page, output);
}

/** Formats a request to a provider as one line (A-484): the request, and the first characters of the response. */
function formatDeliveryLog({ inserted_at, service_name, request, response }: JsonObject, output: Output): string {
  const { method, host = "", path = "" } = isJsonObject(request) ? request : {};
  const { status, body = "" } = isJsonObject(response) ? response : {};
  const responseText = typeof body === "string" ? body : JSON.stringify(body);
  const excerpt = responseText.replace(/\s+/g, " ").slice(0, MAX_RESPONSE_LENGTH);
  const requestText = [method, `${String(host)}${String(path)}`].filter(Boolean).join(" ");
  return `${formatTime(inserted_at, output.zone)}  ${String(service_name)}  ${requestText}  ${[status, excerpt].filter(Boolean).join(" ")}`;
}

/** How a terminal shows the HTML of an email. */
const HTML_HINT = "; use --open to show it or --raw to print the message";

/** Prints a message. `logs` are the requests that delivered it, newest first. */
export function printMessage(
  message: JsonObject,
  logs: readonly JsonObject[],
  output: Output,
  htmlHint = HTML_HINT,
): void {
  if (output.verbosity.json) return output.json(logs.length === 0 ? message : { ...message, delivery_logs: [...logs] });
  const { colors: paint } = output;
  const { metadata } = message;
  const note = message.status === "not_sent" ? paint.dim(" (rendered and stored, not delivered)") : "";
  output.line(`${paint.bold(String(message.id))}  ${formatChannel(message)}  ${formatMessageStatus(message)}${note}`);
  output.line(`  recipient  ${formatRecipient(message.recipient)}`);
  const isGuideMessage = isJsonObject(message.source) && message.source.type === "guide";
  output.line(`  ${isGuideMessage ? "guide     " : "workflow  "} ${String(message.workflow)}`);
  if (isJsonObject(metadata) && typeof metadata.external_id === "string")
    output.line(`  provider   ${metadata.external_id}`);
  if (message.scheduled_at) output.line(`  scheduled  ${formatTime(message.scheduled_at, output.zone)}`);
  output.line();
  const content = isJsonObject(message.content) && isJsonObject(message.content.data) ? message.content.data : {};
  printContent(content, output, htmlHint);
  if (logs.length === 0) return;
  output.line();
  output.line(paint.dim("deliveries:"));
  for (const log of [...logs].reverse()) output.line(`  ${formatDeliveryLog(log, output)}`);
}

/** Prints a content document as its recipient sees it. */
export function printContent(content: JsonObject, output: Output, hint = ""): void {
  const { colors: paint } = output;
  for (const [name, text] of formatContent(content, hint)) {
    const [first, ...rest] = text.replaceAll("\r\n", "\n").trimEnd().split("\n");
    if (rest.length === 0) output.line(`${paint.dim(`${name}:`)} ${first}`);
    else {
      output.line(paint.dim(`${name}:`));
      for (const line of [first, ...rest]) output.line(`  ${line}`.trimEnd());
    }
  }
}

export function printMarkedMessages(messages: readonly JsonObject[], output: Output): void {
  if (output.verbosity.json) return output.json({ items: messages });
  if (output.verbosity.quiet) return;
  for (const message of messages)
    output.line(
      `${output.colors.green("✓")} ${String(message.id)}  ${formatChannel(message)}  ${formatMessageStatus(message)}`,
    );
}

export function printOpenedFile({ path, opened }: { path: string; opened: boolean }, output: Output): void {
  if (output.verbosity.json) return output.json({ path, opened });
  output.line(path);
  if (!opened) output.note("note: no browser could be started; open the file yourself");
}
