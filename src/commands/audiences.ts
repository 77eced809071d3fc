import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { toMemberBody } from "../domain/request/parse-recipient-list.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { parseRecipientsFlag } from "../input/parse-flags.js";
import { toInlineUser } from "../input/parse-users-csv.js";
import { printMembers, printMembersAdded, printMembersRemoved } from "../output/print-audiences.js";
import type { Json } from "../util/json.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addPageOptions, type PageFlags, parsePage } from "./shared/paging.js";
import { readUsersCsv } from "./shared/read-users-csv.js";
import {
  addResourceOptions,
  openResources,
  type ResourceFlags,
  warnUnidentifiedRecipients,
} from "./shared/resource-options.js";

interface ChangeFlags extends ResourceFlags {
  recipients?: string[];
  tenant?: string;
  create?: boolean;
  csv?: string;
}

/** The number of members that the API accepts in one request. Longer files are added in several requests. */
const MAX_MEMBERS_PER_REQUEST = 1_000;

async function readUsers(flags: ChangeFlags, context: CommandContext): Promise<Json[]> {
  const reader = new InputReader(context.input);
  if (flags.csv !== undefined) {
    if (flags.recipients)
      throw new KnockError("usage", "--csv and --recipients contradict each other", { hint: "Give one of them." });
    const users = await readUsersCsv(flags.csv, reader, context);
    return users.map((user) => ({
      user: toInlineUser(user),
      ...(user.tenant === null ? {} : { tenant: user.tenant }),
    }));
  }
  if (!flags.recipients)
    throw new KnockError("usage", "no recipients given", { hint: "For example --recipients ada,grace." });
  return parseRecipientsFlag(flags.recipients, reader);
}

export function registerAudiences(program: Command, context: CommandContext): void {
  const audiences = program
    .command("audiences")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change the members of audiences")
    .description("List and change the members of static audiences. A membership can be limited to a tenant.");

  const list = audiences
    .command("list")
    .argument("<key>", "the audience's key")
    .description("List members, newest first");
  addResourceOptions(addPageOptions(list), ({ audience }) => [`knock audiences list ${audience}`]).action(
    async (key: string, flags: ResourceFlags & PageFlags) => {
      const page = parsePage(flags);
      printMembers(await (await openResources(context, flags, "read")).audiences.list(key, page), context.output);
    },
  );

  const change = (name: string, description: string): Command =>
    audiences
      .command(name)
      .argument("<key>", "the audience's key")
      .description(description)
      .optionsGroup(OPTION_GROUPS.payload)
      .option("-r, --recipients <value...>", "name up to 1000 users: IDs (a,b), JSON, @file.json or @-")
      .option("-t, --tenant <id>", "limit the memberships to this tenant");

  addResourceOptions(
    change("add", "Add members, and create the audience if it doesn't exist")
      .option(
        "--csv <path>",
        "read users from a CSV file with the columns id, tenant_id (optional) and properties; - is standard input",
      )
      .optionsGroup(OPTION_GROUPS.behavior)
      .option("--no-create", "fail if the audience doesn't exist"),
    ({ users, user, tenant }) => [
      `knock audiences add beta --recipients ${users}`,
      `knock audiences add beta -r ${user} --tenant ${tenant}`,
    ],
  ).action(async (key: string, flags: ChangeFlags) => {
    const users = await readUsers(flags, context);
    const resources = await openResources(context, flags, "write");
    const members = users.map((user) => toMemberBody(user, flags.tenant));
    const options = { create_audience: flags.create !== false };
    const size = flags.csv === undefined ? members.length : MAX_MEMBERS_PER_REQUEST;
    await context.output.showProgress("adding members", async (setText) => {
      let start = 0;
      do {
        await resources.audiences.add(key, { members: members.slice(start, start + size) }, options);
        start += size;
        setText(`adding members: ${Math.min(start, members.length)} of ${members.length}`);
      } while (start < members.length);
    });
    printMembersAdded(key, members, context.output);
    await warnUnidentifiedRecipients(
      members.map(({ user }) => user ?? null),
      resources,
      context,
    );
  });

  addResourceOptions(
    change("remove", "Remove members. Other users are ignored; the local target lists them."),
    ({ audience, user }) => [`knock audiences remove ${audience} --recipients ${user}`],
  ).action(async (key: string, flags: ChangeFlags) => {
    const users = await readUsers(flags, context);
    const resources = await openResources(context, flags, "write");
    const members = users.map((user) => toMemberBody(user, flags.tenant));
    const removed = await resources.audiences.remove(key, { members });
    printMembersRemoved(key, members, removed, context.output);
  });
}
