import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { TENANTS } from "../domain/recipient/recipient.js";
import { KnockError } from "../errors/knock-error.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import { didYouMean } from "../util/find-nearest.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";

const MAX_CANDIDATES = 50;

/**
 * Throws `resource_missing` if no object is in the collection although other collections have objects: a collection
 * exists as long as it has objects. Names those of the newest 50 objects.
 */
async function checkCollection(collection: string, { objects }: ResourceOperations): Promise<void> {
  if ((await objects.list(collection, { limit: 1 })).items.length > 0) return;
  const { items } = await objects.list(null, { limit: MAX_CANDIDATES });
  const collections = [...new Set(items.map((object) => String(object.collection)))].filter((name) => name !== TENANTS);
  if (collections.length === 0) return;
  throw new KnockError("resource_missing", `the collection "${collection}" has no objects`, {
    details: [{ pointer: "", message: "is not the name of a collection with objects", value: collection }],
    hint: didYouMean(collection, collections, "Collections"),
  });
}

export function registerObjects(program: Command, context: CommandContext): void {
  const objects = program
    .command("objects")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change objects")
    .description("List and change objects: recipients other than users, grouped in collections.");
  addRecipientCommands(
    objects,
    {
      noun: "object",
      scope: [["collection", "the object's collection"]],
      getCollection: ([collection = ""]) => collection,
      examples: {
        list: ({ object }) => [`knock objects list ${object.collection}`],
        get: ({ object }) => [`knock objects get ${object.collection} ${object.id} --json`],
        set: () => ['knock objects set projects p3 --data \'{"name":"Calliope"}\''],
        delete: ({ object }) => [`knock objects delete ${object.collection} ${object.id}`],
      },
      list: (resources, [collection = ""], page) => resources.objects.list(collection, page),
      checkScope: (resources, [collection = ""]) => checkCollection(collection, resources),
      read: (resources, [collection = "", id = ""]) => resources.objects.read(collection, id),
      set: (resources, [collection = "", id = ""], body) =>
        resources.objects.set(collection, id, body, "`knock objects set`"),
      delete: (resources, [collection = "", id = ""]) => resources.objects.delete(collection, id),
    },
    context,
  );
}
