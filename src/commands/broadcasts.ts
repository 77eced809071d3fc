import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { BroadcastTarget } from "../domain/audience/broadcast.js";
import { parseBroadcastRecipients } from "../domain/audience/parse-broadcast-recipients.js";
import { type RecipientUpsert, toRecipientKey } from "../domain/recipient/recipient.js";
import { combineVerdicts, getVerdict, VERDICT_EXIT_CODES } from "../domain/run/outcome-verdict.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { parseRecipientsFlag } from "../input/parse-flags.js";
import { parseTimeArgument } from "../input/parse-time.js";
import { toBroadcastRecipients, toInlineUser } from "../input/parse-users-csv.js";
import { printBroadcast, printBroadcasts, printSentBroadcast } from "../output/print-broadcasts.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addFilePageOptions, type PageFlags, paginateFiles } from "./shared/paging.js";
import { readUsersCsv } from "./shared/read-users-csv.js";
import { addLocalResourceOptions, openLocalOnlyTarget, type ResourceFlags } from "./shared/resource-options.js";

interface BroadcastFlags {
  audience?: string;
  allUsers?: boolean;
  recipients?: string[];
  csv?: string;
  again?: boolean;
}

const LOCAL_ONLY = { noun: "broadcasts", alternative: "The API cannot send broadcasts. Use the dashboard" };

/** The recipients that the flags select. */
interface BroadcastSelection {
  /** Null if no flag selects recipients, so that the broadcast's file decides. */
  target: BroadcastTarget | null;
  /** Users of a CSV file. Those that were never identified are identified by their columns. */
  identify: RecipientUpsert[];
}

async function readSelection(flags: BroadcastFlags, context: CommandContext): Promise<BroadcastSelection> {
  const selectors = ["audience", "allUsers", "recipients", "csv"].filter((name) => name in flags);
  if (selectors.length > 1)
    throw new KnockError("usage", "more than one option selects the recipients", {
      hint: "Use one of --audience, --all-users, --recipients and --csv.",
    });
  const reader = new InputReader(context.input);
  const identify: RecipientUpsert[] = [];
  if (flags.audience !== undefined) return { target: { audience: flags.audience }, identify };
  if (flags.allUsers) return { target: { all_users: true }, identify };
  if (flags.recipients)
    return {
      target: { recipients: parseBroadcastRecipients(await parseRecipientsFlag(flags.recipients, reader)) },
      identify,
    };
  if (flags.csv === undefined) return { target: null, identify };
  const users = await readUsersCsv(flags.csv, reader, context);
  for (const user of users) {
    const { id, ...properties } = toInlineUser(user);
    identify.push({ key: toRecipientKey(String(id)), properties });
  }
  return { target: { recipients: parseBroadcastRecipients(toBroadcastRecipients(users)) }, identify };
}

function addSelectionOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.payload)
    .option(
      "--audience <key>",
      "send to the current members of this audience (default: target_audience_key of the file)",
    )
    .option("--all-users", "send to every user")
    .option(
      "-r, --recipients <value...>",
      'send to these users: IDs (a,b), JSON ({"id","tenant","data"} each), @file.json or @-',
    )
    .option(
      "--csv <path>",
      "send to the users of a CSV file with the columns id, tenant_id (optional) and data; - is standard input",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--again", "send the broadcast again, even if it was already sent");
}

export function registerBroadcasts(program: Command, context: CommandContext): void {
  const broadcasts = program
    .command("broadcasts")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Send one message to many users")
    .description("Send a broadcast from broadcasts/<key>/ to an audience, to a list of users or to all users.");

  const list = broadcasts
    .command("list", { isDefault: true })
    .description("List the project's broadcasts and their status");
  addLocalResourceOptions(addFilePageOptions(list), ["knock broadcasts list"]).action(
    async (flags: ResourceFlags & PageFlags) => {
      const { broadcasts: operations } = await openLocalOnlyTarget(context, flags, LOCAL_ONLY);
      printBroadcasts(paginateFiles(await operations.list(), flags), context.output);
    },
  );

  const send = broadcasts
    .command("send")
    .argument("<key>", "the broadcast's key")
    .description("Send a broadcast now and print what happened to each recipient");
  addLocalResourceOptions(addSelectionOptions(send), ({ broadcast, user, otherUser, tenant }) => [
    `knock broadcasts send ${broadcast} --all-users`,
    `knock broadcasts send ${broadcast} -r ${user} -r '{"id":"${otherUser}","tenant":"${tenant}"}'`,
  ]).action(async (key: string, flags: ResourceFlags & BroadcastFlags) => {
    const { target, identify } = await readSelection(flags, context);
    const { broadcasts: operations, operations: engine } = await openLocalOnlyTarget(context, flags, LOCAL_ONLY);
    const sent = await operations.send(key, target, { again: flags.again ?? false, identify });
    printSentBroadcast(sent, Date.parse((await engine.readClock()).now), context.output);
    context.setExitCode(VERDICT_EXIT_CODES[combineVerdicts(sent.runs.map(({ outcome }) => getVerdict(outcome)))]);
  });

  const schedule = broadcasts
    .command("schedule")
    .argument("<key>", "the broadcast's key")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--at <time>", "send at this time, in ISO 8601 (default: scheduled_at of the file)")
    .description(
      "Schedule a broadcast. It is sent to the members of the audience at that time, by `knock worker` or when the clock advances.",
    );
  addLocalResourceOptions(addSelectionOptions(schedule), ({ broadcast }) => [
    `knock broadcasts schedule ${broadcast} --at 2030-06-04T18:00:00Z --all-users`,
  ]).action(async (key: string, flags: ResourceFlags & BroadcastFlags & { at?: string }) => {
    const at = flags.at === undefined ? null : parseTimeArgument(flags.at, "--at");
    const { target, identify } = await readSelection(flags, context);
    const { broadcasts: operations } = await openLocalOnlyTarget(context, flags, LOCAL_ONLY);
    const options = { at, again: flags.again ?? false, identify };
    printBroadcast(await operations.schedule(key, target, options), context.output);
  });

  const cancel = broadcasts
    .command("cancel")
    .argument("<key>", "the broadcast's key")
    .description("Cancel a scheduled broadcast. It becomes a draft again, or sent if you sent it before");
  addLocalResourceOptions(cancel, ({ broadcast }) => [
    `knock broadcasts schedule ${broadcast} --at 2030-06-04T18:00:00Z --all-users && knock broadcasts cancel ${broadcast}`,
  ]).action(async (key: string, flags: ResourceFlags) => {
    printBroadcast(
      await (await openLocalOnlyTarget(context, flags, LOCAL_ONLY)).broadcasts.cancel(key),
      context.output,
    );
  });
}
