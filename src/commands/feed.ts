import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { FEED_ARCHIVED, FEED_STATUSES } from "../domain/message/feed-filter.js";
import { type RecipientReference, toRecipientKey } from "../domain/recipient/recipient.js";
import { KnockError } from "../errors/knock-error.js";
import { parseObjectFlag } from "../input/parse-flags.js";
import { printFeed } from "../output/print-feed.js";
import { correctWord } from "../util/find-nearest.js";
import { checkFilterNames } from "./shared/check-filter-names.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { ValueOption } from "./shared/options.js";
import { addPageOptions, type PageFlags, parseChoice, parsePage } from "./shared/paging.js";
import { addResourceOptions, parseRecipientArgument, type ResourceFlags } from "./shared/resource-options.js";

/** Hints for words of the table's status column that have other names in the API's filter. */
const STATUS_HINTS = {
  new: correctWord("new", "unseen"),
  archived: "Use --archived to list archived items.",
};

interface FeedFlags extends ResourceFlags, PageFlags {
  object?: string;
  channel?: string;
  tenant?: string;
  status?: string;
  archived?: string;
}

function parseFeedRecipient(user: string | undefined, object: string | undefined): RecipientReference {
  if ((user === undefined) === (object === undefined))
    throw new KnockError("usage", "give either a user or an object", {
      hint: "For example: knock feed list ada, or knock feed list --object projects/p1.",
    });
  if (user !== undefined) return parseRecipientArgument(user, "the user");
  const [reference, ...more] = parseObjectFlag(object === undefined ? [] : [object]);
  if (reference === undefined || more.length > 0) throw new KnockError("usage", "--object accepts one object");
  return reference;
}

export function registerFeed(program: Command, context: CommandContext): void {
  const feed = program
    .command("feed")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Show an in-app feed")
    .description("Show the in-app feed of a user or object, as an application shows it.");
  const list = feed
    .command("list")
    .argument("[user]", "a user ID")
    .description("List the items of a feed, newest first, with the counts of unread and unseen items")
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--object <collection/id>", "list the feed of an object (local target only)")
    .option("--channel <key>", "list only items of this in-app channel: key or ID (with --remote, an ID is required)")
    .option("--tenant <id>", "list only items of this tenant and items without a tenant")
    .addOption(new ValueOption("--status <status>", "list only items with this status", FEED_STATUSES).default("all"))
    .addOption(new ValueOption("--archived <which>", "select archived items", FEED_ARCHIVED).default("exclude"));
  addResourceOptions(addPageOptions(list), ({ user, tenant }) => [
    `knock feed list ${user}`,
    `knock feed list ${user} --status unread --tenant ${tenant} --json`,
  ]).action(async (user: string | undefined, flags: FeedFlags) => {
    const filter = {
      recipient: toRecipientKey(parseFeedRecipient(user, flags.object)),
      channel: flags.channel,
      tenant: flags.tenant,
      status: parseChoice(flags.status, FEED_STATUSES, "--status", STATUS_HINTS),
      archived: parseChoice(flags.archived, FEED_ARCHIVED, "--archived"),
    };
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const listed = await (await operations.openResources()).feeds.list(filter, page);
    // Items without a tenant are part of the feed of every tenant, so they do not prove that the tenant exists.
    if (listed.items.length === 0 || filter.tenant !== undefined)
      await checkFilterNames(filter, flags, operations, context);
    printFeed(listed, context.output);
  });
}
