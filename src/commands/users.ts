import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { USERS } from "../domain/recipient/recipient.js";
import { KnockError } from "../errors/knock-error.js";
import { printResource } from "../output/print-resources.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";
import { addResourceOptions, openResources, type ResourceFlags } from "./shared/resource-options.js";

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
      getCollection: () => USERS,
      examples: {
        list: () => ["knock users list", "knock users list --email ada@ --json"],
        get: ({ user }) => [`knock users get ${user}`],
        set: ({ user }) => [
          'knock users set zoe --data \'{"email":"zoe@example.com"}\'',
          `knock users set ${user} --set plan=pro --set seats:=3`,
          'echo \'{"name":"Zoe"}\' | knock users set zoe --file -',
          'echo \'{"id":"zoe","plan":"pro"}\' | knock users set --file -',
        ],
        delete: ({ otherUser }) => [`knock users delete ${otherUser}`],
      },
      list: (resources, _words, page, { email, name }) => resources.users.list({ email, name }, page),
      read: (resources, [id = ""]) => resources.users.read(id),
      set: (resources, [id = ""], body) => resources.users.set(id, body, "`knock users set`"),
      delete: (resources, [id = ""]) => resources.users.delete(id),
    },
    context,
  )
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--email <text>", "list only users whose email address contains this text (local target only)")
    .option("--name <text>", "list only users whose name contains this text (local target only)");
  registerMerge(users, context);
}

function registerMerge(users: Command, context: CommandContext): void {
  const merge = users
    .command("merge")
    .argument("<id>", "the ID of the user to keep")
    .argument("<other-id>", "the ID of the user to merge into it and delete")
    .description(
      "Merge the second user into the first one, and delete the second. Values of the first user take precedence.",
    );
  addResourceOptions(merge, ({ user, actor }) => [`knock users merge ${user} ${actor}`], "empty fields").action(
    async (id: string, otherId: string, flags: ResourceFlags) => {
      if (id === otherId)
        throw new KnockError("usage", `a user cannot be merged into itself: ${JSON.stringify(id)}`, {
          hint: "Give two different IDs.",
        });
      const { users: operations } = await openResources(context, flags, "write");
      const merged = await operations.merge(id, otherId);
      if (merged !== null) return printResource("user", merged, context.output);
      const missing = (await operations.read(id)) === null ? id : otherId;
      throw new KnockError("resource_missing", `there is no user "${missing}"`, {
        details: [{ pointer: "", message: "is not the ID of a known user", value: missing }],
        hint: "Run `knock users list` to see known users. Nothing was changed.",
      });
    },
  );
}
