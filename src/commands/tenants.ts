import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { TENANTS } from "../domain/recipient/recipient.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addRecipientCommands } from "./shared/recipient-commands.js";

export function registerTenants(program: Command, context: CommandContext): void {
  const tenants = program
    .command("tenants")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("List and change tenants")
    .description("List and change tenants: your customers, each with its own branding and default preferences.");
  addRecipientCommands(
    tenants,
    {
      noun: "tenant",
      scope: [],
      getCollection: () => TENANTS,
      examples: {
        list: () => ["knock tenants list", "knock tenants list --name Acme"],
        get: ({ tenant }) => [`knock tenants get ${tenant}`],
        set: () => ["knock tenants set acme --set settings.branding.primary_color=#112233"],
        delete: ({ tenant }) => [`knock tenants delete ${tenant}`],
      },
      list: (resources, _words, page, { name }) => resources.tenants.list({ name }, page),
      read: (resources, [id = ""]) => resources.tenants.read(id),
      set: (resources, [id = ""], body) => resources.tenants.set(id, body, "`knock tenants set`"),
      delete: (resources, [id = ""]) => resources.tenants.delete(id),
    },
    context,
  )
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--name <name>", "list only tenants with this name");
}
