import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";

export function registerUsers(program: Command, context: CommandContext): void {
  const users = program
    .command("users")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change users")
    .description("List and change users, the recipients of workflows.");
  addRecipientCommands(
    users,
    {
      noun: "user",
      scope: [],
      examples: {
        list: () => ["knock users list", "knock users list --limit 5 --json"],
        get: ({ user }) => [`knock users get ${user}`],
        set: ({ user }) => [
          'knock users set zoe --data \'{"email":"zoe@example.com"}\'',
          `knock users set ${user} --set plan=pro --set seats:=3`,
          'echo \'{"name":"Zoe"}\' | knock users set zoe --file -',
        ],
        delete: ({ otherUser }) => [`knock users delete ${otherUser}`],
      },
      list: (resources, _words, page) => resources.users.list(page),
      read: (resources, [id]) => resources.users.read(id as string),
      set: (resources, [id], body) => resources.users.set(id as string, body),
      delete: (resources, [id]) => resources.users.delete(id as string),
    },
    context,
  );
}
