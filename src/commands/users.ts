import type { Command } from "commander";
import type { CommandContext } from "./context.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";

export function registerUsers(program: Command, context: CommandContext): void {
  const users = program
    .command("users")
    .summary("List and change users")
    .description("List and change users, the recipients of workflows.");
  addRecipientCommands(
    users,
    {
      noun: "user",
      scope: [],
      examples: {
        list: ["knock users list", "knock users list --limit 5 --json"],
        get: ["knock users get ada"],
        set: [
          'knock users set zoe --data \'{"email":"zoe@example.com"}\'',
          "knock users set ada --set plan=pro --set seats:=3",
          'echo \'{"name":"Zoe"}\' | knock users set zoe --file -',
        ],
        delete: ["knock users delete lin"],
      },
      list: (resources, _words, page) => resources.users.list(page),
      read: (resources, [id]) => resources.users.read(id as string),
      set: (resources, [id], body) => resources.users.set(id as string, body),
      delete: (resources, [id]) => resources.users.delete(id as string),
    },
    context,
  );
}
