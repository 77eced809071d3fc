import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { toRecipientKey } from "../domain/recipient/recipient.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader, type InputSource } from "../input/input-source.js";
import { parseJsonFlag, parseObjectFlag, parseRecipientsFlag } from "../input/parse-flags.js";
import { printSubscriptions } from "../output/print-subscriptions.js";
import type { SubscriptionScope } from "../ports/resource-operations.js";
import type { Json, JsonObject } from "../util/json.js";
import { checkFilterNames } from "./shared/check-filter-names.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addPageOptions, type PageFlags, parsePage } from "./shared/paging.js";
import {
  addResourceOptions,
  openResources,
  parseRecipientArgument,
  type ResourceFlags,
  warnUnidentifiedRecipients,
} from "./shared/resource-options.js";

interface ChangeFlags extends ResourceFlags {
  recipients?: string[];
  object?: string[];
  properties?: string;
}

async function readRecipients(flags: ChangeFlags, reader: InputReader): Promise<Json[]> {
  if (!flags.recipients && !flags.object)
    throw new KnockError("usage", "no recipients given", { hint: "For example --recipients ada,grace." });
  return [
    ...(flags.recipients ? await parseRecipientsFlag(flags.recipients, reader) : []),
    ...(flags.object ? parseObjectFlag(flags.object) : []),
  ];
}

/** Returns whose subscriptions to list. Throws `usage` unless exactly one object or one recipient is named. */
function parseListScope(
  collection: string | undefined,
  id: string | undefined,
  recipient: string | undefined,
): SubscriptionScope {
  if (collection !== undefined && id !== undefined && recipient === undefined) return { object: { collection, id } };
  if (collection === undefined && recipient !== undefined)
    return { recipient: parseRecipientArgument(recipient, "--recipient") };
  throw new KnockError("usage", "give either an object or a recipient", {
    hint: "For example: knock subscriptions list projects p1, or knock subscriptions list --recipient ada.",
  });
}

/** Reads `--properties`. The value is validated with the rest of the body. */
async function readProperties(raw: string | undefined, reader: InputReader): Promise<JsonObject> {
  return raw === undefined ? {} : { properties: await parseJsonFlag(raw, "--properties", reader) };
}

async function readSubscriptionBody(flags: ChangeFlags, source: InputSource) {
  const reader = new InputReader(source);
  const recipients = await readRecipients(flags, reader);
  return { recipients, body: { recipients, ...(await readProperties(flags.properties, reader)) } };
}

/** The number of recipients that the API accepts in one request. */
const MAX_RECIPIENTS_PER_REQUEST = 100;

/**
 * Changes the subscriptions of a body with one request for each 100 recipients, and returns all of them. An error in a
 * later request says how many were changed before.
 */
async function changeInParts(
  body: JsonObject & { recipients: Json[] },
  change: (body: JsonObject) => Promise<JsonObject[]>,
  verb: string,
  { output }: CommandContext,
): Promise<JsonObject[]> {
  const { recipients } = body;
  if (recipients.length <= MAX_RECIPIENTS_PER_REQUEST) return change(body);
  const changed: JsonObject[] = [];
  await output.showProgress(`${verb} subscriptions`, async (setText) => {
    for (let start = 0; start < recipients.length; start += MAX_RECIPIENTS_PER_REQUEST) {
      const part = recipients.slice(start, start + MAX_RECIPIENTS_PER_REQUEST);
      try {
        changed.push(...(await change({ ...body, recipients: part })));
      } catch (error) {
        if (!(error instanceof KnockError) || start === 0) throw error;
        const before = `Before this error, the first ${start} of ${recipients.length} recipients were processed.`;
        throw error.copyWith({ hint: error.hint === undefined ? before : `${before} ${error.hint}` });
      }
      setText(`${verb} subscriptions: ${start + part.length} of ${recipients.length}`);
    }
  });
  return changed;
}

export function registerSubscriptions(program: Command, context: CommandContext): void {
  const subscriptions = program
    .command("subscriptions")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change subscriptions to objects")
    .description(
      "List and change subscriptions. A workflow that is triggered for an object also notifies its subscribers.",
    );
  registerList(subscriptions, context);
  const change = (name: string, description: string): Command =>
    subscriptions
      .command(name)
      .argument("<collection>", "the object's collection")
      .argument("<id>", "the object's ID")
      .description(description)
      .optionsGroup(OPTION_GROUPS.payload)
      .option("-r, --recipients <value...>", "name users: IDs (a,b), JSON, @file.json or @-")
      .option("--object <collection/id...>", "name subscribers that are objects, as collection/id");

  addResourceOptions(
    change("add", "Subscribe recipients, or update the properties of their subscriptions").option(
      "--properties <json>",
      "set properties of the subscriptions: JSON, @file.json or @-",
    ),
    ({ object, user, users }) => [
      `knock subscriptions add ${object.collection} ${object.id} --recipients ${users}`,
      `knock subscriptions add ${object.collection} ${object.id} -r ${user} --properties '{"role":"reviewer"}'`,
    ],
  ).action(async (collection: string, id: string, flags: ChangeFlags) => {
    const { recipients, body } = await readSubscriptionBody(flags, context.input);
    const resources = await openResources(context, flags, "write");
    const { subscriptions: operations } = resources;
    const add = (part: JsonObject): Promise<JsonObject[]> => operations.add({ collection, id }, part);
    printSubscriptions({ items: await changeInParts(body, add, "adding", context) }, context.output);
    await warnUnidentifiedRecipients(recipients, resources, context);
  });

  addResourceOptions(
    change("delete", "Delete subscriptions. Ignore those that don't exist."),
    ({ object, otherUser }) => [
      `knock subscriptions delete ${object.collection} ${object.id} --recipients ${otherUser}`,
    ],
  ).action(async (collection: string, id: string, flags: ChangeFlags) => {
    const { body } = await readSubscriptionBody(flags, context.input);
    const { subscriptions: operations } = await openResources(context, flags, "write");
    const remove = (part: JsonObject): Promise<JsonObject[]> => operations.delete({ collection, id }, part);
    const items = await changeInParts(body, remove, "deleting", context);
    printSubscriptions({ items }, context.output);
  });
}

function registerList(subscriptions: Command, context: CommandContext): void {
  const list = subscriptions
    .command("list")
    .argument("[collection]", "the object's collection")
    .argument("[id]", "the object's ID")
    .description(
      "List the subscribers of an object, or the subscriptions of a recipient with --recipient, newest first",
    )
    .optionsGroup(OPTION_GROUPS.filters)
    .option("-r, --recipient <id>", "list the subscriptions of this user ID or collection/id");
  addResourceOptions(addPageOptions(list), ({ object, otherUser }) => [
    `knock subscriptions list ${object.collection} ${object.id}`,
    `knock subscriptions list --recipient ${otherUser} --json`,
  ]).action(
    async (
      collection: string | undefined,
      id: string | undefined,
      flags: ResourceFlags & PageFlags & { recipient?: string },
    ) => {
      const page = parsePage(flags);
      const scope = parseListScope(collection, id, flags.recipient);
      const operations = await context.target.open(flags, "read");
      const listed = await (await operations.openResources()).subscriptions.list(scope, page);
      if (listed.items.length === 0 && "recipient" in scope)
        await checkFilterNames({ recipient: toRecipientKey(scope.recipient) }, flags, operations, context);
      printSubscriptions(listed, context.output, flags.recipient === undefined ? "recipient" : "object");
    },
  );
}
