import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { collectUnknownScopeWarnings } from "../../domain/preferences/collect-unknown-scope-warnings.js";
import { collectRecipientWarnings, formatRecipientWarning } from "../../domain/recipient/collect-recipient-warnings.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { type RequestBodyFlags, readRequestBody } from "../../input/request-body.js";
import { printDeleted, printResource, printResources, type ResourceNoun } from "../../output/print-resources.js";
import type { BulkRow } from "../../ports/bulk-operations.js";
import { findEmailOwner } from "../../ports/known-names.js";
import { isLocal } from "../../ports/operations.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { correctWord, didYouMean } from "../../util/find-nearest.js";
import type { JsonObject } from "../../util/json.js";
import { changeRows, type RowChange } from "./change-rows.js";
import { collectUnknownChannelWarnings } from "./channel-data-warnings.js";
import type { Examples } from "./examples.js";
import { addPageOptions, type PageFlags, parsePage } from "./paging.js";
import { addBodyOptions, addResourceOptions, openResources, type ResourceFlags } from "./resource-options.js";
import { readResourceRows, warnAboutRows } from "./resource-rows.js";

/** `name` filters tenants and users, and `email` users. */
type ListFlags = ResourceFlags & PageFlags & { name?: string; email?: string };

/**
 * The operations of a recipient kind's `list`, `get`, `set` and `delete` commands. `words` are the command's arguments.
 */
interface RecipientCommandSet {
  noun: ResourceNoun;
  /** The arguments before the ID: an object's collection. */
  scope: [name: string, description: string][];
  /** Returns the collection that bulk requests use. `words` start with the scope. */
  getCollection(words: string[]): string;
  examples: Record<"list" | "get" | "set" | "delete", Examples>;
  list(resources: ResourceOperations, words: string[], page: PageRequest, flags: ListFlags): Promise<Paged<JsonObject>>;
  /** Checks the scope of a list of the local target that is empty. Throws `resource_missing` for an unknown name. */
  checkScope?(resources: ResourceOperations, words: string[]): Promise<void>;
  read(resources: ResourceOperations, words: string[]): Promise<JsonObject | null>;
  set(resources: ResourceOperations, words: string[], body: JsonObject): Promise<JsonObject>;
  delete(resources: ResourceOperations, words: string[]): Promise<boolean>;
}

/**
 * Splits an action's arguments. Commander passes the command's arguments, of which the last can be a list, then the flags
 * and the command.
 */
function splitActionArguments<Flags>(args: unknown[]): { words: string[]; flags: Flags } {
  return { words: args.slice(0, -2).flat() as string[], flags: args.at(-2) as Flags };
}

/** Creates the error for an unknown ID, with a suggestion from the newest 50 entries. */
async function createMissingError(
  verbs: RecipientCommandSet,
  resources: ResourceOperations,
  words: string[],
): Promise<KnockError> {
  const { items } = await verbs.list(resources, words.slice(0, -1), { limit: 50 }, {});
  const id = words.at(-1) ?? "";
  const owner = verbs.noun === "user" && id.includes("@") ? await findEmailOwner(id, resources.users) : null;
  return new KnockError("resource_missing", `there is no ${verbs.noun} "${words.join("/")}"`, {
    details: [{ pointer: "", message: `is not the ID of a known ${verbs.noun}`, value: id }],
    hint:
      (owner === null ? undefined : correctWord(id, owner)) ??
      didYouMean(
        id,
        items.map((item) => String(item.id)),
        `${verbs.noun[0]?.toUpperCase()}${verbs.noun.slice(1)}s`,
      ) ??
      `Create it with \`knock ${verbs.noun}s set ${words.join(" ")}\`.`,
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
      ? `note: no properties given, so ${resourceName} is unchanged. Run \`${setCommand}\` to change a property.`
      : `note: ${resourceName} was created without properties. Run \`${setCommand}\` to add one.`,
  );
}

/** Sets the resources of a file. */
async function setRows(
  verbs: RecipientCommandSet,
  words: string[],
  flags: ResourceFlags & RequestBodyFlags,
  context: CommandContext,
): Promise<void> {
  const { noun } = verbs;
  const rows = await readResourceRows(flags, noun, context);
  await warnAboutRows(rows, verbs.noun === "tenant", flags, context);
  const operations = await context.target.open(flags, "write");
  const resources = await operations.openResources();
  const { bulk } = resources;
  const change: RowChange<BulkRow> = {
    words: { noun, verb: "set", progress: `setting ${noun}s` },
    getId: ({ id }) => id,
    changeOne: (row) => verbs.set(resources, [...words, row.id], row),
    changeMany: bulk && ((chunk, options) => bulk.set(verbs.getCollection(words), chunk, options)),
  };
  await changeRows(rows, change, operations, context);
}

/** Deletes several resources. */
async function deleteRows(
  verbs: RecipientCommandSet,
  words: string[],
  { ids, flags }: { ids: readonly string[]; flags: ResourceFlags },
  context: CommandContext,
): Promise<void> {
  const { noun } = verbs;
  const operations = await context.target.open(flags, "write");
  const resources = await operations.openResources();
  const { bulk } = resources;
  const change: RowChange<string> = {
    words: { noun, verb: "deleted", progress: `deleting ${noun}s` },
    getId: (id) => id,
    async changeOne(id) {
      if (await verbs.delete(resources, [...words, id])) return;
      throw new KnockError("resource_missing", `there is no ${noun} "${[...words, id].join("/")}"`);
    },
    changeMany: bulk && ((chunk, options) => bulk.delete(verbs.getCollection(words), chunk, options)),
  };
  await changeRows(ids, change, operations, context);
}

/** Returns warnings about likely mistakes in the body of `set`. */
async function collectBodyWarnings(
  noun: ResourceNoun,
  id: string,
  body: JsonObject,
  flags: TargetFlags,
  context: CommandContext,
): Promise<string[]> {
  return [
    ...collectRecipientWarnings(body, noun === "tenant").map(
      (warning) => `${noun} ${JSON.stringify(id)}: ${formatRecipientWarning(warning)}`,
    ),
    ...collectUnknownScopeWarnings(body.preferences, ["preferences"]),
    ...(await collectUnknownChannelWarnings(body, flags, context)),
  ];
}

/** Adds the four commands. Returns `list`, so that the caller can add options to it. */
export function addRecipientCommands(group: Command, verbs: RecipientCommandSet, context: CommandContext): Command {
  const { noun, scope } = verbs;
  const addVerb = (name: string, description: string, id: "<id>" | "[id]" | "<id...>" | null): Command => {
    const isDefault = name === "list" && scope.length === 0;
    const command = group.command(name, { isDefault }).description(description);
    for (const [argument, argumentDescription] of scope) command.argument(`<${argument}>`, argumentDescription);
    if (id === null) return command;
    const text = {
      "<id>": `the ${noun}'s ID`,
      "[id]": `the ${noun}'s ID; omit it if --file contains the IDs`,
      "<id...>": `the IDs of ${noun}s`,
    };
    return command.argument(id, text[id]);
  };

  const list = addPageOptions(addVerb("list", `List ${noun}s, newest first`, null));
  addResourceOptions(list, verbs.examples.list).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ListFlags>(args);
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const resources = await operations.openResources();
    const listed = await verbs.list(resources, words, page, flags);
    if (listed.items.length === 0 && isLocal(operations)) await verbs.checkScope?.(resources, words);
    printResources(noun, listed, context.output);
  });

  addResourceOptions(
    addVerb("get", `Show ${noun === "object" ? "an" : "a"} ${noun}`, "<id>"),
    verbs.examples.get,
    "empty fields",
  ).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ResourceFlags>(args);
    const resources = await openResources(context, flags, "read");
    const resource = await verbs.read(resources, words);
    if (resource === null) throw await createMissingError(verbs, resources, words);
    printResource(noun, resource, context.output);
  });

  addResourceOptions(
    addBodyOptions(
      addVerb(
        "set",
        `Create ${noun === "object" ? "an" : "a"} ${noun}, or merge properties into an existing one. Without an ID, set many: --file contains one JSON object with an ID per line.`,
        "[id]",
      ),
    ),
    verbs.examples.set,
    "empty fields",
  ).action(async (...args: unknown[]) => {
    const { words, flags } = splitActionArguments<ResourceFlags & RequestBodyFlags>(args);
    const id = words.at(-1);
    if (id === undefined) return setRows(verbs, words.slice(0, -1), flags, context);
    const body = await readRequestBody(flags, new InputReader(context.input));
    for (const warning of await collectBodyWarnings(noun, id, body ?? {}, flags, context)) context.output.warn(warning);
    const resources = await openResources(context, flags, "write");
    // An empty command creates a missing resource but does not change an existing one.
    const resource = body === null ? await verbs.read(resources, words) : null;
    printResource(noun, resource ?? (await verbs.set(resources, words, body ?? {})), context.output);
    if (body === null) noteEmptyBody(verbs, words, resource !== null, context);
  });

  addResourceOptions(
    addVerb(
      "delete",
      noun === "tenant"
        ? "Delete tenants with their branding and default preferences. Their messages and runs stay."
        : `Delete ${noun}s with their preferences, subscriptions, messages and runs`,
      "<id...>",
    ),
    verbs.examples.delete,
  ).action(async (...args: unknown[]) => {
    const { words: given, flags } = splitActionArguments<ResourceFlags>(args);
    const scopeWords = given.slice(0, scope.length);
    const ids = [...new Set(given.slice(scope.length))];
    if (ids.length > 1) return deleteRows(verbs, scopeWords, { ids, flags }, context);
    const words = [...scopeWords, ...ids];
    const resources = await openResources(context, flags, "write");
    if (!(await verbs.delete(resources, words))) throw await createMissingError(verbs, resources, words);
    printDeleted(noun, words.join("/"), context.output);
  });
  return list;
}
