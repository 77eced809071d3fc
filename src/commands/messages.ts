import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { OpenedFile } from "../context/open-in-browser.js";
import type { TargetFlags } from "../context/target-flags.js";
import { inlineImages } from "../domain/message/inline-images.js";
import {
  DELIVERY_STATUSES,
  type DeliveryStatus,
  ENGAGEMENT_ACTIONS,
  formatDeliveryStatus,
  SANDBOXED,
} from "../domain/message/message.js";
import { parseInteractionMetadata } from "../domain/message/parse-interaction-metadata.js";
import { buildOutcomes } from "../domain/run/message-outcomes.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { parseJsonFlag } from "../input/parse-flags.js";
import { printMarkedMessages, printMessage, printMessages, printOpenedFile } from "../output/print-messages.js";
import type { MessageFilter } from "../ports/filters.js";
import type { Operations } from "../ports/operations.js";
import { correctWord } from "../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { checkFilterNames } from "./shared/check-filter-names.js";
import { addExamples } from "./shared/examples.js";
import {
  addExpectOption,
  checkExpectations,
  checkRuleSteps,
  type ExpectFlags,
  readRules,
  setExitCodeByExpectations,
  toExpectationsField,
  toExpectedOutcome,
} from "./shared/expectations.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import {
  addCommonOptions,
  addLocalOptions,
  addTargetOptions,
  type CommonFlags,
  ValueOption,
} from "./shared/options.js";
import { addPageOptions, type PageFlags, parseChoice, parsePage, parseRecipientKey } from "./shared/paging.js";
import { resolveIdPrefix, suggestForMissingId } from "./shared/resolve-id-prefix.js";

/** The statuses as lists show them. The API's `not_sent` is also accepted. */
const LISTED_STATUSES = [...DELIVERY_STATUSES.map(formatDeliveryStatus), ...ENGAGEMENT_ACTIONS];
const STATUS_HINTS = {
  failed: correctWord("failed", "undelivered"),
  waiting: correctWord("waiting", "queued"),
  scheduled: correctWord("scheduled", "queued"),
  skipped: "A skipped step creates no message. Run `knock runs show` to see the reason.",
  clicked: correctWord("clicked", "link_clicked"),
};

interface ListFlags extends CommonFlags, TargetFlags, PageFlags {
  workflow?: string;
  workflowRun?: string;
  recipient?: string;
  channel?: string;
  status?: string;
  tenant?: string;
}

export function registerMessages(program: Command, context: CommandContext): void {
  const messages = program
    .command("messages")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("List, show and mark messages")
    .description("List messages, show their rendered content and mark them. Without a subcommand, list messages.");
  registerList(messages, context);

  registerShow(messages, context);
  registerRetry(messages, context);

  const mark = messages
    .command("mark")
    .argument("<id...>", "message IDs, then the status")
    .usage("<id...> <status> [options]")
    .description(`Set an engagement status: ${ENGAGEMENT_ACTIONS.join(", ")}`)
    .optionsGroup(OPTION_GROUPS.payload)
    .option("--metadata <json>", "add up to five key-value pairs: JSON, @file or @- (only with interacted)");
  addExamples(addCommonOptions(addTargetOptions(mark)), ({ message, messages: several }) => [
    `knock messages mark ${several} seen`,
    `knock messages mark ${message} interacted --metadata '{"button":"approve"}'`,
  ]);
  mark.action(async (words: string[], flags: CommonFlags & TargetFlags & { metadata?: string }) => {
    if (words.length < 2)
      throw new KnockError("usage", "give message IDs, then the status", {
        hint: `Run \`knock messages mark <id> <status>\`. A status is one of: ${ENGAGEMENT_ACTIONS.join(", ")}.`,
      });
    const [first = "", last = ""] = [words[0], words.at(-1)];
    const isReversed =
      ENGAGEMENT_ACTIONS.some((action) => action === first) && !ENGAGEMENT_ACTIONS.some((action) => action === last);
    if (isReversed)
      throw new KnockError("usage", `the status "${first}" must come after the message IDs`, {
        hint: `Run \`knock messages mark ${[...words.slice(1), first].join(" ")}\`.`,
      });
    const action = parseChoice(last, ENGAGEMENT_ACTIONS, "status");
    const metadataFlag =
      flags.metadata === undefined
        ? null
        : await parseJsonFlag(flags.metadata, "--metadata", new InputReader(context.input));
    const metadata = parseInteractionMetadata(action, metadataFlag);
    const operations = await context.target.open(flags);
    const ids = await resolveMessageIds(words.slice(0, -1), operations);
    printMarkedMessages(await operations.markMessages(ids, action, metadata), context.output);
  });
}

/** Resolves ID prefixes and returns each ID once, in the order typed. */
async function resolveMessageIds(typed: readonly string[], operations: Operations): Promise<string[]> {
  const ids = new Set<string>();
  for (const id of typed) ids.add(await resolveIdPrefix(id, ["message"], operations));
  return [...ids];
}

/**
 * Returns the IDs of all undelivered messages, in pages. They are listed before any is retried, so that a failed retry
 * is not listed again.
 */
async function listUndelivered(operations: Operations): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await operations.listMessages({ status: "undelivered" }, { limit: 1_000, after });
    if (items.length > 0) pages.push(items.map(({ id }) => String(id)));
    if (page_info.after === null) return pages;
    after = page_info.after;
  }
}

function registerRetry(messages: Command, context: CommandContext): void {
  const retry = messages
    .command("retry")
    .argument("[id...]", "message IDs")
    .optionsGroup(OPTION_GROUPS.selection)
    .option("--all", "retry every undelivered message")
    .description("Retry undelivered messages (local target only)");
  addExamples(addCommonOptions(addLocalOptions(retry)), ["knock messages retry --all"]);
  retry.action(async (ids: string[], flags: CommonFlags & TargetFlags & { all?: boolean }) => {
    if (ids.length > 0 === (flags.all === true))
      throw new KnockError("usage", "give message IDs or --all", {
        hint: "Run `knock messages list --status undelivered` to see undelivered messages.",
      });
    if ((await context.settings.getTarget(flags)) === "remote")
      throw new KnockError("not_supported", "messages can only be retried on the local target", {
        hint: "The API cannot retry messages. Use the dashboard, or add --local.",
      });
    const operations = await context.target.openLocal(flags);
    const retried: JsonObject[] = [];
    if (!flags.all) retried.push(...(await operations.retryMessages(await resolveMessageIds(ids, operations))));
    else
      for (const chunk of await listUndelivered(operations)) retried.push(...(await operations.retryMessages(chunk)));
    if (retried.length === 0) context.output.note("no message is undelivered");
    printMarkedMessages(retried, context.output);
  });
}

interface ShowFlags extends CommonFlags, TargetFlags {
  raw?: boolean;
  open?: boolean;
}

function registerShow(messages: Command, context: CommandContext): void {
  const show = messages
    .command("show")
    .argument("<id>", "a message ID")
    .description("Show a message with its content")
    .optionsGroup(OPTION_GROUPS.output)
    .option("--raw", "print an email as a MIME message, and other content as JSON")
    .option("--open", "write an email's HTML to a file and open it in the browser");
  addExamples(addCommonOptions(addTargetOptions(show)), ({ message }) => [
    `knock messages show ${message}`,
    `knock messages show ${message} --raw > mail.eml`,
  ]);
  show.action(async (typed: string, flags: ShowFlags) => {
    if (flags.raw && flags.open) throw new KnockError("usage", "--raw and --open cannot be combined");
    const operations = await context.target.open(flags, "read");
    const id = await resolveIdPrefix(typed, ["message"], operations);
    const message = await operations.readMessage(id);
    if (message === null)
      throw new KnockError("resource_missing", `there is no message "${id}"`, {
        hint: await suggestForMissingId(typed, "message", operations),
      });
    const content = getContentData(message);
    if (flags.open) printOpenedFile(await openEmail(id, content, context), context.output);
    else if (flags.raw) await printRaw(message, content, context);
    else printMessage(message, (await operations.readDeliveryLogs(id)) ?? [], context.output);
  });
}

function getContentData(message: JsonObject): JsonObject {
  const { content } = message;
  return isJsonObject(content) && isJsonObject(content.data) ? content.data : {};
}

function isEmail(content: JsonObject): boolean {
  return content.__typename === "MessageEmailContent";
}

async function printRaw(message: JsonObject, content: JsonObject, { output }: CommandContext): Promise<void> {
  if (!isEmail(content)) return output.json(content);
  const { renderMime } = await import("../mime/render-mime.js");
  const date = new Date(String(message.inserted_at));
  output.raw(await renderMime(content, { message_id: String(message.id), date }));
}

async function openEmail(id: string, content: JsonObject, { io }: CommandContext): Promise<OpenedFile> {
  const html = inlineImages(content);
  if (html === null)
    throw new KnockError("usage", `message "${id}" is not an email, so it has no HTML to open`, {
      hint: "Run `knock messages show` without --open, or with --raw to print the content as JSON.",
    });
  const { openInBrowser } = await import("../context/open-in-browser.js");
  return openInBrowser(id, html, io);
}

/**
 * Returns the filter for a status of the table, which shows a message's delivery status and its engagement statuses in
 * one column.
 */
function parseStatusFilter(statusFlag: string | undefined): Pick<MessageFilter, "status" | "engagement_statuses"> {
  const status =
    statusFlag === "not_sent" ? SANDBOXED : parseChoice(statusFlag, LISTED_STATUSES, "--status", STATUS_HINTS);
  if (status === undefined) return {};
  if (status === SANDBOXED) return { status: "not_sent" };
  const engagement = ENGAGEMENT_ACTIONS.find((action) => action === status);
  return engagement === undefined ? { status: status as DeliveryStatus } : { engagement_statuses: [engagement] };
}

/** Prints a note under an empty list of sent messages if sandboxed messages match the other filters. */
async function noteSandboxed(filter: MessageFilter, operations: Operations, { output }: CommandContext): Promise<void> {
  if (filter.status !== "sent") return;
  const { items } = await operations.listMessages({ ...filter, status: "not_sent" }, { limit: 1 });
  if (items.length > 0)
    output.note('note: sandboxed messages are not "sent". Run the command with --status sandboxed to list them.');
}

/** Reads the fields that rules use of every matching message, page by page. Contents and data are left out. */
async function listAllMessages(filter: MessageFilter, operations: Operations): Promise<JsonObject[]> {
  const all: JsonObject[] = [];
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await operations.listMessages(filter, { limit: 1_000, after });
    for (const { id, recipient, status, channel, source, scheduled_at } of items)
      all.push({ id, recipient, status, channel, source, scheduled_at } as JsonObject);
    if (page_info.after === null || page_info.after === after) return all;
    after = page_info.after;
  }
}

function registerList(messages: Command, context: CommandContext): void {
  const list = messages
    .command("list", { isDefault: true })
    .description("List messages, newest first")
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--workflow <key>", "list only messages of this workflow")
    .option("--workflow-run <id>", "list only messages of this trigger")
    .option("-r, --recipient <id>", "list only messages to this user ID or collection/id")
    .option("--channel <key>", "list only messages on this channel (key or ID)")
    .addOption(new ValueOption("--status <status>", "list only messages with this status", LISTED_STATUSES))
    .option("--tenant <id>", "list only messages of this tenant");
  addExpectOption(
    list,
    "messages>=2, sandboxed=2, ada:email=sandboxed (counts all matching messages, not only this page)",
  );
  addExamples(addCommonOptions(addTargetOptions(addPageOptions(list))), ({ user, channel }) => [
    `knock messages list --recipient ${user}`,
    `knock messages list --channel ${channel} --limit 5 --json`,
    `knock messages list --recipient ${user} --expect 'messages>=0'`,
  ]);
  list.action(async (flags: ListFlags & ExpectFlags) => {
    const rules = readRules(flags, "messages");
    const recipient = parseRecipientKey(flags.recipient);
    const status = parseStatusFilter(flags.status);
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const filter = {
      workflow: flags.workflow,
      workflow_run_id: flags.workflowRun && (await resolveIdPrefix(flags.workflowRun, ["workflow_run"], operations)),
      recipient,
      channel: flags.channel,
      ...status,
      tenant: flags.tenant,
    };
    const listed = await operations.listMessages(filter, page);
    if (listed.items.length === 0) await checkFilterNames(filter, flags, operations, context);
    const all = rules.length === 0 ? [] : await listAllMessages(filter, operations);
    if (rules.length > 0)
      await checkRuleSteps(rules, flags.workflow === undefined ? null : [flags.workflow], flags, context);
    const results = checkExpectations(rules, toExpectedOutcome(buildOutcomes(all)));
    printMessages({ ...listed, ...toExpectationsField(results) }, context.output);
    if (listed.items.length === 0) await noteSandboxed(filter, operations, context);
    await setExitCodeByExpectations(results, "knock messages list", context);
  });
}
