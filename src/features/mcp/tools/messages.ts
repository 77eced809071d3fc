import * as z from "zod/mini";
import { KnockError } from "../../../errors/knock-error.js";
import { printMessage, printMessages } from "../../../output/print-messages.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { sleep } from "../../../util/sleep.js";
import { findLinksAndCodes } from "../find-links-and-codes.js";
import type { Tool, ToolCall, ToolOutcome } from "../tool.js";
import { choiceField, countField, recipientField, remoteField, textField, toRecipientFilter } from "./fields.js";

const DEFAULT_LIMIT = 10;
const DEFAULT_TIMEOUT_S = 30;
const MAX_TIMEOUT_S = 300;
/** Another process, such as an application's server, may create the message, so the store is read again. */
const POLL_MS = 250;

async function list(input: JsonObject, call: ToolCall): Promise<{ page: JsonObject; items: JsonObject[] }> {
  const { recipient, workflow, run, channel, status, limit = DEFAULT_LIMIT, after, remote } = input;
  const toText = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
  const { document } = await call.runJson({
    words: ["messages", "list"],
    options: {
      recipient: recipient === undefined ? undefined : toRecipientFilter(recipient),
      workflow: toText(workflow),
      "workflow-run": toText(run),
      channel: toText(channel),
      status: toText(status),
      limit: toText(limit),
      after: toText(after),
    },
    isRemote: remote === true,
  });
  return { page: document, items: filterObjects(document.items) };
}

async function get(id: string, isRemote: boolean, call: ToolCall): Promise<ToolOutcome> {
  const { document } = await call.runJson({ words: ["messages", "show"], arguments: [id], isRemote });
  const logs = filterObjects(document.delivery_logs);
  const text = await call.print((output) =>
    printMessage(document, logs, output, `; the resource knock://message/${id} has it`),
  );
  const { links, codes } = findLinksAndCodes(isJsonObject(document.content) ? document.content : {});
  const found = [
    ...(links.length === 0 ? [] : ["links:", ...links.map((link) => `  ${link}`)]),
    ...(codes.length === 0 ? [] : [`one-time codes: ${codes.join(", ")}`]),
  ];
  return { document, text: [text.trimEnd(), ...found].join("\n") };
}

/** Waits for a message that matches, and returns it. */
async function wait(input: JsonObject, call: ToolCall): Promise<ToolOutcome> {
  const { newer_than, timeout_s = DEFAULT_TIMEOUT_S, remote } = input;
  const endsAt = Date.now() + Number(timeout_s) * 1_000;
  for (;;) {
    const { items } = await list({ ...input, limit: 1 }, call);
    const [newest] = items;
    if (newest !== undefined && newest.id !== newer_than) return get(String(newest.id), remote === true, call);
    if (call.signal.aborted) throw new KnockError("interrupted", "interrupted while waiting for a message");
    if (Date.now() >= endsAt)
      return {
        ok: false,
        text: `No message arrived within ${String(timeout_s)} seconds. A delay or batch may wait, or a step was skipped: see explain.`,
        next: [{ tool: "clock", arguments: { action: "next" } }],
      };
    await sleep(POLL_MS, call.signal);
  }
}

export const messages: Tool = {
  name: "messages",
  title: "Read messages",
  description:
    "List messages (newest first), get one with its content, links and one-time codes, or wait until one arrives, for example after your application sent a request. Filters apply to list and wait.",
  input: (host) => ({
    action: z.optional(choiceField(["list", "get", "wait"], "list (default), get (default with id) or wait.")),
    id: textField("A message ID."),
    recipient: z.optional(recipientField()),
    workflow: textField("A workflow's key."),
    run: textField("A workflow run's ID."),
    channel: textField("A channel's key."),
    status: textField("A status such as delivered, sandboxed, undelivered or read."),
    newer_than: textField("wait: ignore this message, the newest that you know."),
    timeout_s: countField(`wait: seconds (default: ${DEFAULT_TIMEOUT_S}).`, MAX_TIMEOUT_S),
    limit: countField(`list: default ${DEFAULT_LIMIT}.`, 100),
    after: textField("Continue a list."),
    ...remoteField(host),
  }),
  documents: ["messages-list", "messages-show"],
  effect: "read",
  async run(input, call) {
    const { id, remote } = input;
    const action = input.action ?? (id === undefined ? "list" : "get");
    if (action === "wait") return wait(input, call);
    if (action === "get") {
      if (id === undefined) throw new KnockError("usage", "messages needs id to get a message");
      return get(String(id), remote === true, call);
    }
    const { page, items } = await list(input, call);
    const [first] = items;
    return {
      document: page,
      text: await call.print((output) => printMessages(page as never, output)),
      next: first === undefined ? [] : [{ tool: "messages", arguments: { action: "get", id: String(first.id) } }],
    };
  },
};
