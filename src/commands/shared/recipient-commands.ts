import type { Command } from "commander";
import { collectUnknownScopeWarnings } from "../../domain/preferences/collect-unknown-scope-warnings.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { type RequestBodyFlags, readRequestBody } from "../../input/request-body.js";
import { printDeleted, printResource, printResources, type ResourceNoun } from "../../output/print-resources.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { JsonObject } from "../../util/json.js";
import type { CommandContext } from "../context.js";
import { collectUnknownChannelWarnings } from "./channel-data-warnings.js";
import type { Examples } from "./examples.js";
import { addPageOptions, type PageFlags, parsePage } from "./paging.js";
import { addBodyOptions, addResourceOptions, openResources, type ResourceFlags } from "./resource-options.js";

/** `name` filters tenants. */
type ListFlags = ResourceFlags & PageFlags & { name?: string };

/**
 * The operations of a recipient kind's `list`, `get`, `set` and `delete` commands. `words` are the command's arguments.
 */
interface RecipientCommandSet {
  noun: ResourceNoun;
  /** The arguments before the ID: an object's collection. */
  scope: [name: string, description: string][];
  examples: Record<"list" | "get" | "set" | "delete", Examples>;
  list(resources: ResourceOperations, words: string[], page: PageRequest, flags: ListFlags): Promise<Paged<JsonObject>>;
  read(resources: ResourceOperations, words: string[]): Promise<JsonObject | null>;
  set(resources: ResourceOperations, words: string[], body: JsonObject): Promise<JsonObject>;
  delete(resources: ResourceOperations, words: string[]): Promise<boolean>;
}

/** Splits an action's arguments. Commander passes the command's arguments, then the flags, then the command. */
function splitActionArguments<Flags>(args: unknown[]): { words: string[]; flags: Flags } {
  return { words: args.slice(0, -2) as string[], flags: args.at(-2) as Flags };
}

/** Creates the error for an unknown ID, with a suggestion from the newest 50 entries. */
async function createMissingError(
  verbs: RecipientCommandSet,
  resources: ResourceOperations,
  words: string[],
): Promise<KnockError> {
  const { items } = await verbs.list(resources, words.slice(0, -1), { limit: 50 }, {});
  const id = words.at(-1) as string;
  return new KnockError("resource_missing", `there is no ${verbs.noun} "${words.join("/")}"`, {
    details: [{ pointer: "", message: `is no ${verbs.noun}'s id`, value: id }],
    hint:
      didYouMean(
        id,
        items.map((item) => String(item.id)),
        `There ${items.length === 1 ? "is" : "are"}`,
      ) ?? `Create it with \`knock ${verbs.noun}s set ${words.join(" ")}\`.`,
  });
}

function noteEmptyBody(
  { noun }: RecipientCommandSet,
  words: string[],
  existed: boolean,
  { output }: CommandContext,
): void {
  const resourceName = `${noun} "${words.join("/")}"`;
  const setCommand = `knock ${noun}s set ${words.join(" ")} --set ${noun === "user" ? "email" : "name"}=…`;
  output.note(
    existed
      ? `note: no properties given, so ${resourceName} is unchanged. ${setCommand} changes a property.`
      : `note: ${resourceName} was created without properties. ${setCommand} adds one.`,
  );
}

/** Adds the four commands. Returns `list`, so that the caller can add options to it. */
export function addRecipientCommands(group: Command, verbs: RecipientCommandSet, context: CommandContext): Command {
  const { noun, scope } = verbs;
  const addVerb = (name: string, description: string, withId: boolean): Command => {
    const isDefault = name === "list" && scope.length === 0;
    const command = group.command(name, { isDefault }).description(description);
    for (const [argument, argumentDescription] of scope) command.argument(`<${argument}>`, argumentDescription);
    return withId ? command.argument("<id>", `the ${noun}'s ID`) : command;
  };

  const list = addPageOptions(addVerb("list", `List ${noun}s, newest first`, false));
  addResourceOptions(list, verbs.examples.list).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ListFlags>(args);
    const page = parsePage(flags);
    const resources = await openResources(context, flags, "read");
    printResources(noun, await verbs.list(resources, words, page, flags), context.output);
  });

  addResourceOptions(addVerb("get", `Show ${noun === "object" ? "an" : "a"} ${noun}`, true), verbs.examples.get).action(
    async (...args: unknown[]) => {
      const { words, flags } = splitActionArguments<ResourceFlags>(args);
      const resources = await openResources(context, flags, "read");
      const resource = await verbs.read(resources, words);
      if (resource === null) throw await createMissingError(verbs, resources, words);
      printResource(noun, resource, context.output);
    },
  );

  addResourceOptions(
    addBodyOptions(
      addVerb(
        "set",
        `Create ${noun === "object" ? "an" : "a"} ${noun}, or merge properties into an existing one`,
        true,
      ),
    ),
    verbs.examples.set,
  ).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ResourceFlags & RequestBodyFlags>(args);
    const body = await readRequestBody(flags, new InputReader(context.input));
    for (const warning of collectUnknownScopeWarnings(body?.preferences, ["preferences"])) context.output.warn(warning);
    for (const warning of await collectUnknownChannelWarnings(body ?? {}, flags, context)) context.output.warn(warning);
    const resources = await openResources(context, flags, "write");
    // An empty command creates a missing resource but does not change an existing one.
    const resource = body === null ? await verbs.read(resources, words) : null;
    printResource(noun, resource ?? (await verbs.set(resources, words, body ?? {})), context.output);
    if (body === null) noteEmptyBody(verbs, words, resource !== null, context);
  });

  addResourceOptions(
    addVerb(
      "delete",
      `Delete ${noun === "object" ? "an" : "a"} ${noun} with its preferences, subscriptions, messages and runs`,
      true,
    ),
    verbs.examples.delete,
  ).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ResourceFlags>(args);
    const resources = await openResources(context, flags, "write");
    if (!(await verbs.delete(resources, words))) throw await createMissingError(verbs, resources, words);
    printDeleted(noun, words.join("/"), context.output);
  });
  return list;
}
