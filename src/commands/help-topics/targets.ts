import type { Command } from "commander";
import type { HelpTopic } from "./help-topic.js";

type Selection = "both" | "account";

/**
 * Lists the commands that have the options of the remote target, with or without those that select a target. A group is
 * listed once if all of its commands have them.
 */
function listRemoteCommands(command: Command, selection: Selection, path = ""): string[] {
  return command.commands.flatMap((child) => {
    const childPath = `${path}${child.name()}`;
    if (child.commands.length > 0) {
      const remote = listRemoteCommands(child, selection, `${childPath} `);
      return remote.length === child.commands.length ? [childPath] : remote;
    }
    const names = child.options.map(({ long }) => long);
    const isRemote = ["--api-key", "--timeout"].every((name) => names.includes(name));
    return isRemote && names.includes("--target") === (selection === "both") ? [childPath] : [];
  });
}

export const targets: HelpTopic = {
  summary: "The local and the remote target, and how to select one",
  page: "docs/guide/remote-and-keys.md",
  buildBlocks: (program) => [
    "A target is the place where a command runs workflows.",
    [
      [
        "local",
        'The default. The embedded engine runs the project\'s files and keeps data in the local store. Messages are sandboxed: they are rendered and stored, but not delivered, unless a channel has "deliver": true in environment.json.',
      ],
      ["remote", "The hosted API, or another server with --base-url. It needs an API key and delivers messages."],
    ],
    'The first of these selects the target: --target, --local or --remote, then KNOCK_TARGET, then "settings" in knock.json, then the profile. An API key alone does not select the remote target. Run `knock config list` to see the target and where it comes from.',
    `Commands for both targets: ${listRemoteCommands(program, "both").sort().join(", ")}. Commands that compare the project with the account: ${listRemoteCommands(program, "account").sort().join(", ")}. All other commands that use data work only on the local target. They reject --remote with exit code 3.`,
    "With a live API key, commands ask for confirmation on a terminal. Without a terminal, they need --yes. Commands that only read need no confirmation.",
    '"recipients" in the settings of knock.json or in a profile limits which recipients the remote target can reach, for example { "allow": ["*@example.com", "user:qa-*"] }. Requests that could reach others are refused with exit code 6. "redirect" delivers all emails of the local target to one address.',
  ],
};
