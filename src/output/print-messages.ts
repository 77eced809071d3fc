import { statusWord } from "../domain/message/message.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { contentLines } from "./content-lines.js";
import type { Output } from "./output.js";
import { printPageHint, recipientText } from "./print-runs.js";
import { printTable } from "./print-table.js";
import { timeText } from "./time-text.js";

const MAX_ANSWER = 120;

interface Listed {
  items: JsonObject[];
  page_info: { after: string | null; before: string | null; page_size: number };
}

function channelText(message: JsonObject): string {
  return isJsonObject(message.channel) ? String(message.channel.key) : "";
}

function statusText(message: JsonObject): string {
  const engagement = Array.isArray(message.engagement_statuses) ? message.engagement_statuses : [];
  return [statusWord(String(message.status)), ...engagement.map(String)].join(", ");
}

export function printMessages(page: Listed, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map((message) => String(message.id)));
  if (page.items.length === 0) return output.line("no messages");
  const rows = page.items.map((message) => [
    String(message.id),
    channelText(message),
    recipientText(message.recipient),
    String(message.workflow),
    statusText(message),
    timeText(message.inserted_at, output.zone),
  ]);
  printTable(["MESSAGE", "CHANNEL", "RECIPIENT", "WORKFLOW", "STATUS", "MADE"], rows, output);
  printPageHint(page, output);
}

/** One request to a provider in a line (A-484): what was asked, and the answer's first words. */
function logText({ inserted_at, service_name, request, response }: JsonObject, output: Output): string {
  const { method, host = "", path = "" } = isJsonObject(request) ? request : {};
  const { status, body = "" } = isJsonObject(response) ? response : {};
  const answer = typeof body === "string" ? body : JSON.stringify(body);
  const said = answer.replace(/\s+/g, " ").slice(0, MAX_ANSWER);
  const asked = [method, `${String(host)}${String(path)}`].filter(Boolean).join(" ");
  return `${timeText(inserted_at, output.zone)}  ${String(service_name)}  ${asked}  ${[status, said].filter(Boolean).join(" ")}`;
}

/** `logs` are the requests made for it, newest first. */
export function printMessage(message: JsonObject, logs: readonly JsonObject[], output: Output): void {
  if (output.verbosity.json) return output.json(logs.length === 0 ? message : { ...message, delivery_logs: [...logs] });
  const { paint } = output;
  const { metadata } = message;
  const note = message.status === "not_sent" ? paint.dim(" (rendered and stored, not delivered)") : "";
  output.line(`${paint.bold(String(message.id))}  ${channelText(message)}  ${statusText(message)}${note}`);
  output.line(`  recipient  ${recipientText(message.recipient)}`);
  const isGuides = isJsonObject(message.source) && message.source.type === "guide";
  output.line(`  ${isGuides ? "guide     " : "workflow  "} ${String(message.workflow)}`);
  if (isJsonObject(metadata) && typeof metadata.external_id === "string")
    output.line(`  provider   ${metadata.external_id}`);
  if (message.scheduled_at) output.line(`  scheduled  ${timeText(message.scheduled_at, output.zone)}`);
  output.line();
  const content = isJsonObject(message.content) && isJsonObject(message.content.data) ? message.content.data : {};
  printContent(content, output, "; --open shows it, --raw prints the message");
  if (logs.length === 0) return;
  output.line();
  output.line(paint.dim("deliveries:"));
  for (const log of [...logs].reverse()) output.line(`  ${logText(log, output)}`);
}

/** A content document as its reader would see it. */
export function printContent(content: JsonObject, output: Output, hint = ""): void {
  const { paint } = output;
  for (const [name, text] of contentLines(content, hint)) {
    const [first, ...rest] = text.replaceAll("\r\n", "\n").trimEnd().split("\n");
    if (rest.length === 0) output.line(`${paint.dim(`${name}:`)} ${first}`);
    else {
      output.line(paint.dim(`${name}:`));
      for (const line of [first, ...rest]) output.line(`  ${line}`);
    }
  }
}

export function printMarked(messages: readonly JsonObject[], output: Output): void {
  if (output.verbosity.json) return output.json({ items: messages });
  if (output.verbosity.quiet) return;
  for (const message of messages)
    output.line(`${output.paint.green("✓")} ${String(message.id)}  ${channelText(message)}  ${statusText(message)}`);
}

export function printShown({ path, opened }: { path: string; opened: boolean }, output: Output): void {
  if (output.verbosity.json) return output.json({ path, opened });
  output.line(path);
  if (!opened) output.note("note: no browser could be started here; open the file yourself");
}
