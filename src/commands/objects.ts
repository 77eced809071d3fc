import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";

export function registerObjects(program: Command, context: CommandContext): void {
  const objects = program
    .command("objects")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change objects")
    .description("List and change objects: recipients that are not users, grouped in collections.");
  addRecipientCommands(
    objects,
    {
      noun: "object",
      scope: [["collection", "the object's collection"]],
      getCollection: ([collection]) => collection as string,
      examples: {
        list: ({ object }) => [`knock objects list ${object.collection}`],
        get: ({ object }) => [`knock objects get ${object.collection} ${object.id} --json`],
        set: () => ['knock objects set projects p3 --data \'{"name":"Calliope"}\''],
        delete: ({ object }) => [`knock objects delete ${object.collection} ${object.id}`],
      },
      list: (resources, [collection], page) => resources.objects.list(collection as string, page),
      read: (resources, [collection, id]) => resources.objects.read(collection as string, id as string),
      set: (resources, [collection, id], body) => resources.objects.set(collection as string, id as string, body),
      delete: (resources, [collection, id]) => resources.objects.delete(collection as string, id as string),
    },
    context,
  );
}
