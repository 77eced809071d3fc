import type { Command } from "commander";
import { EXIT } from "../../errors/error-codes.js";
import { EXIT_CODE_MEANINGS } from "../../errors/exit-code-meanings.js";
import { getKeys } from "../../util/json.js";
import { ENVIRONMENT_VARIABLES } from "../shared/environment-variables.js";
import { type HelpTopic, toPlainText } from "../shared/help-topic.js";
import type { TopicName } from "./topic-names.js";

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

const targets: HelpTopic = {
  summary: "The local and the remote target, and how to select one",
  page: "docs/guide/remote-and-keys.md",
  buildBlocks: (program) => [
    "A target is where a command runs workflows.",
    [
      [
        "local",
        'The default. The embedded engine runs the project\'s files and keeps data in the local store. Messages are sandboxed: they are rendered and stored, but not delivered, unless a channel has "deliver": true in environment.json.',
      ],
      ["remote", "The hosted API, or another server with --base-url. It needs an API key and delivers messages."],
    ],
    'The first of these selects the target: --target, --local or --remote, then KNOCK_TARGET, then "settings" in knock.json, then the profile. An API key alone doesn\'t. Run `knock config list` to see the target and where it comes from.',
    `Commands for both targets: ${listRemoteCommands(program, "both").sort().join(", ")}. Commands that compare the project with the account: ${listRemoteCommands(program, "account").sort().join(", ")}. All other commands that use data work only on the local target. They reject --remote with exit code 3.`,
    "With a live API key, commands ask for confirmation on a terminal. Without a terminal, they need --yes. Commands that only read need no confirmation.",
    '"recipients" in the settings of knock.json or in a profile limits which recipients the remote target can reach, for example { "allow": ["*@example.com", "user:qa-*"] }. Requests that could reach others are refused with exit code 6. "redirect" delivers all emails of the local target to one address.',
  ],
};

const json: HelpTopic = {
  summary: "The output of --json, for scripts",
  page: "schemas/output",
  buildBlocks: () => [
    "Every command has --json. Standard output then contains only the result, as one JSON document. Notes, warnings and progress are written to standard error.",
    [
      [
        "errors",
        'The last line of standard error is {"error":{"code","message","hint","suggestion","details","docs"}}. "suggestion" is the corrected command, or null. Rely on "code" and on the exit code in scripts, not on the text.',
      ],
      [
        "lists",
        'A list is {"items":[…],"page_info":{"after","before","page_size"}}. Pass page_info.after to --after to read the next page.',
      ],
      ["lines", "notify with a JSON Lines file, worker and dev print one document per line."],
      ["times", "Times are in UTC, in ISO 8601, on the clock of the store."],
      ["null", 'On the remote target, "recipients" and "summary" of notify are null without --wait.'],
    ],
    "Later versions may add properties. Ignore properties that you don't know. -q prints only IDs, which is often enough for a shell script.",
  ],
};

const exitCodes: HelpTopic = {
  summary: "Exit codes of commands",
  page: "docs/reference/exit-codes.md",
  buildBlocks: () => [
    getKeys(EXIT).map((name) => [String(EXIT[name]), toPlainText(EXIT_CODE_MEANINGS[name])]),
    "Use --expect to define which outcomes are failures. With --json, errors also have a code: see `knock help json`.",
  ],
};

/** Variables of other programs that users of knock often set. */
const COMMON_VARIABLES = ["NO_COLOR", "HTTPS_PROXY"];

const environment: HelpTopic = {
  summary: "Environment variables that commands read",
  page: "docs/reference/environment-variables.md",
  buildBlocks: () => [
    "A flag takes precedence over a variable, and a variable over knock.json and the profile. An empty KNOCK_ variable counts as not set.",
    ENVIRONMENT_VARIABLES.filter(({ name }) => name.startsWith("KNOCK_") || COMMON_VARIABLES.includes(name)).map(
      ({ name, meaning }) => [name, toPlainText(meaning)],
    ),
    "Run `knock config list` to see each setting and where it comes from. The page below lists all variables and their defaults.",
  ],
};

const clock: HelpTopic = {
  summary: "The virtual clock, which makes delays and batches pass at once",
  page: "docs/guide/time-and-batches.md",
  buildBlocks: () => [
    "The local store has a clock. It follows real time until you move it. Every process that uses the store sees the same time.",
    [
      ["knock clock", "show the time"],
      ["knock clock advance 2d", "move forward, and run what becomes due on the way, each item at its own time"],
      ["knock clock advance next", "move to the next due time"],
      ["knock clock set <time>", "move to a time; an earlier one needs --force if the store contains runs"],
      ["knock clock freeze", "stop the clock; it then moves only with advance and set"],
      ["knock clock reset", "return to real time"],
    ],
    "Durations are 30s, 15m, 24h, 7d, 2w, 1h30m, or ISO 8601 such as PT30M. A time without an offset is UTC. Terminals show times in your time zone, and pipes and JSON show UTC.",
    "Without moving the clock, `knock worker` and `knock dev` run due work in real time. Run `knock clock <command> --help` for the options.",
  ],
};

/** The topics of `knock help <topic>` except those of features, by name. */
export const HELP_TOPICS: Readonly<Record<string, HelpTopic>> = {
  environment,
  "exit-codes": exitCodes,
  targets,
  json,
  clock,
} satisfies Record<TopicName, HelpTopic>;
