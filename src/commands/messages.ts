import type { Command } from "commander";
import { parseInteractionMetadata } from "../domain/interaction-metadata.js";
import { DELIVERY_STATUSES, ENGAGEMENT_ACTIONS, type EngagementAction } from "../domain/message.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { parseJsonFlag } from "../input/parse-flags.js";
import { printMarked, printMessage, printMessages } from "../output/print-messages.js";
import type { CommandContext, TargetFlags } from "./context.js";
import { addCommonOptions, addExamples, addTargetOptions, applyVerbosity, type CommonFlags } from "./shared/options.js";
import { addPageOptions, oneOf, type PageFlags, pageOf, recipientKeyOf } from "./shared/paging.js";

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
    .summary("list messages, show one as rendered, mark it seen or read")
    .description("Messages and their rendered content; alone, it lists them.");
  registerList(messages, context);

  const show = messages.command("show").argument("<id>", "a message's id").description("One message with its content.");
  addExamples(addCommonOptions(addTargetOptions(show)), [
    'knock messages show "$(knock messages list --limit 1 --quiet)"',
  ]);
  show.action(async (id: string, flags: CommonFlags & TargetFlags) => {
    applyVerbosity(context, flags);
    const operations = await context.openOperations(flags);
    const message = await operations.readMessage(id);
    if (message === null)
      throw new KnockError("resource_missing", `there is no message "${id}"`, {
        hint: "knock messages list shows them.",
      });
    printMessage(message, context.output);
  });

  const mark = messages
    .command("mark")
    .argument("<id...>", "message ids, then the status")
    .usage("<id...> <status> [options]")
    .description(`Sets an engagement status: ${ENGAGEMENT_ACTIONS.join(", ")}.`)
    .option("--metadata <json>", "with interacted: up to five pairs about the interaction, or @file, or @-");
  addExamples(addCommonOptions(addTargetOptions(mark)), [
    "knock messages mark $(knock messages list --recipient grace --quiet) seen",
    `knock messages mark "$(knock messages list --limit 1 --quiet)" interacted --metadata '{"button":"approve"}'`,
  ]);
  mark.action(async (words: string[], flags: CommonFlags & TargetFlags & { metadata?: string }) => {
    applyVerbosity(context, flags);
    if (words.length < 2)
      throw new KnockError("usage", "name the messages and then the status", {
        hint: `knock messages mark <id> seen. Statuses: ${ENGAGEMENT_ACTIONS.join(", ")}.`,
      });
    const action = oneOf(words.at(-1), ENGAGEMENT_ACTIONS, "status") as EngagementAction;
    const given =
      flags.metadata === undefined
        ? null
        : await parseJsonFlag(flags.metadata, "--metadata", new InputReader(context.input));
    const metadata = parseInteractionMetadata(action, given);
    const operations = await context.openOperations(flags);
    printMarked(await operations.markMessages([...new Set(words.slice(0, -1))], action, metadata), context.output);
  });
}

function registerList(messages: Command, context: CommandContext): void {
  const list = messages
    .command("list", { isDefault: true })
    .description("Messages, the newest first.")
    .option("--workflow <key>", "only of this workflow")
    .option("--workflow-run <id>", "only of this trigger")
    .option("--recipient <id>", "only to this user id or collection/id")
    .option("--channel <key>", "only on this channel (key or id)")
    .option("--status <status>", `only with this status: ${DELIVERY_STATUSES.join(", ")}`)
    .option("--tenant <id>", "only of this tenant");
  addExamples(addCommonOptions(addTargetOptions(addPageOptions(list))), [
    "knock messages list --recipient ada",
    "knock messages list --channel in-app-feed --limit 5 --json",
  ]);
  list.action(async (flags: ListFlags) => {
    applyVerbosity(context, flags);
    const filter = {
      workflow: flags.workflow,
      workflow_run_id: flags.workflowRun,
      recipient: recipientKeyOf(flags.recipient),
      channel: flags.channel,
      status: oneOf(flags.status, DELIVERY_STATUSES, "--status"),
      tenant: flags.tenant,
    };
    const page = pageOf(flags);
    const operations = await context.openOperations(flags);
    const listed = await operations.listMessages(filter, page);
    printMessages(listed, context.output);
    const slip = listed.items.length === 0 ? await context.suggestFilter(filter, flags) : null;
    if (slip !== null) context.output.note(slip);
  });
}
