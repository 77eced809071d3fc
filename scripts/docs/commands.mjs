// Generates docs/reference/commands/: a page for each command, from the commands' own definitions. Examples of their
// help are run for the output that the pages show.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExampleProject } from "../documentation/example-project.mjs";
import { loadProgram } from "../documentation/load-program.mjs";
import { formatCode, formatDefault, formatTable, joinParts, toAnchor, toSentence } from "../documentation/markdown.mjs";
import {
  describeParameter,
  formatArgument,
  formatCommandName,
  formatUsage,
  listLeaves,
  listOptions,
  readCommands,
} from "../documentation/read-commands.mjs";

const FOLDER = "docs/reference/commands";
/** Lines of output after which an example is cut. */
const MAX_OUTPUT_LINES = 16;

const TRIGGERS = "knock notify --file payloads/triggers.jsonl --quiet";

/**
 * Commands that fill the project before the examples of a page run. `shown` names the examples whose output a page
 * shows, if that is not the first of the help. `project` is null for an empty folder. `isolated` gives each subcommand
 * its own project. `isStopped` interrupts the server when it is ready; it listens on a free port. `isServed` runs the
 * examples while the local API takes the place of the account. `isReleased`
 * runs the examples as if the processes that opened the store had ended.
 */
const SCENARIOS = {
  cancel: { before: ["knock notify --file payloads/invite.json --quiet"] },
  runs: { before: [TRIGGERS, "knock clock advance 30m --quiet"] },
  messages: { before: [TRIGGERS, "knock clock advance 30m --quiet"] },
  logs: { before: [TRIGGERS, "knock clock advance 30m --quiet"] },
  feed: { before: [TRIGGERS] },
  worker: { before: [TRIGGERS] },
  audiences: { before: ["knock audiences add beta --recipients lin --quiet"] },
  schedules: {
    before: [
      'knock schedules create --data \'{"workflow":"welcome","recipients":["ada"]}\' --set scheduled_at=2030-06-04T18:00:00Z --quiet',
    ],
  },
  sources: { before: ["knock sources send billing --file payloads/plan-changed.json --quiet"] },
  clock: {
    before: ["knock notify new-comment --recipients ada,grace --actor alan --set page=Home --quiet"],
    shown: ["knock clock advance 1h --expect no-failures"],
  },
  // A broadcast is sent once, so its subcommands cannot share a project.
  broadcasts: { isolated: true },
  store: { before: [TRIGGERS, "knock store snapshot save baseline --quiet"], isReleased: true },
  dev: { isStopped: true },
  mcp: { isStopped: true },
  plan: { isServed: true },
  review: {
    before: ["git init --quiet --initial-branch main && git add --all && git commit --quiet --message Start"],
    edit: [
      "knock/workflows/new-comment/workflow.json",
      /"delay_for": \{[^}]*\}/,
      '"delay_for": { "unit": "minutes", "value": 1 }',
    ],
  },
  pull: { isServed: true },
  push: { isServed: true, shown: ["knock push --dry-run"] },
  promote: { isServed: true },
  branches: { isServed: true },
  audit: { isServed: true },
  // A test needs a channel that delivers.
  channels: { notRun: /^knock channels test / },
  // A key is another one each time, and a server does not end.
  keys: { notRun: /^knock keys (create|rotate|revoke) / },
  serve: { notRun: /^knock serve / },
  diff: { isServed: true },
  init: { project: null },
  auth: {
    before: ['echo "$KNOCK_API_KEY" | knock auth login --with-token'],
    shown: ['echo "$KNOCK_API_KEY" | knock auth login --with-token --profile staging'],
  },
};

const { COMMAND_GROUPS, OPTION_GROUPS } = await loadProgram();
const headings = [...Object.values(OPTION_GROUPS), ...Object.values(COMMAND_GROUPS)];

const isSame = (left, right) => left.flags === right.flags && left.description === right.description;

/** Returns the options that every subcommand of a group has, in the order of the first one. */
function listSharedOptions(command) {
  const [first, ...others] = listLeaves(command).map(listOptions);
  if (others.length === 0) return [];
  return first.filter((option) => others.every((options) => options.some((other) => isSame(option, other))));
}

/** Returns a table for each group of options. */
function formatOptions(options) {
  const groups = groupByHeading(options, ({ helpGroupHeading }) => helpGroupHeading ?? "Options:");
  return [...groups].flatMap(([heading, members]) => [
    groups.size > 1 || heading !== "Options:" ? `**${heading.replace(/:$/, "")}**` : "",
    formatTable(
      ["Option", "Description", "Default"],
      members.map((option) => {
        const { text, default: value } = describeParameter(option);
        return [`\`${option.flags}\``, toSentence(text), formatDefault(value)];
      }),
    ),
  ]);
}

/** Groups commands or options by their headings, in the order of the help. */
function groupByHeading(items, getHeading) {
  const groups = new Map();
  const ordered = items.toSorted((a, b) => headings.indexOf(getHeading(a)) - headings.indexOf(getHeading(b)));
  for (const item of ordered) groups.set(getHeading(item), [...(groups.get(getHeading(item)) ?? []), item]);
  return groups;
}

function formatArguments({ registeredArguments }) {
  if (registeredArguments.length === 0) return "";
  return formatTable(
    ["Argument", "Description", "Default"],
    registeredArguments.map((argument) => {
      const { text, default: value } = describeParameter(argument);
      return [`\`${formatArgument(argument)}\``, toSentence(text), formatDefault(value)];
    }),
  );
}

/** Runs an example. `isServed` is as in the scenarios. */
function runExample(example, project, { isStopped = false, isServed = false }) {
  const line = isStopped && example.startsWith("knock dev") ? `${example} --port 0` : example;
  if (!isServed) return project.run(line, { isStopped });
  return project.serve((url) => {
    project.env = {
      KNOCK_BASE_URL: url,
      KNOCK_API_KEY: "sk_test_0123456789",
      KNOCK_MGMT_BASE_URL: url,
      KNOCK_SERVICE_TOKEN: "knock_st_local",
    };
    return project.run(example);
  });
}

/** Returns the examples that the help of a command shows in the project. */
async function readExamples(command, project) {
  const { text } = await project.run(`${formatCommandName(command)} --help`);
  const [, lines = ""] = text.split("\nExamples:\n");
  return [...lines.matchAll(/^ {2}\$ ((?:.*\\\n)*.*)/gm)].map(([, line]) => line.replaceAll(/\\\n\s+/g, "\\\n    "));
}

async function formatExamples(command, project, scenario) {
  const { shown = [] } = scenario;
  const examples = await readExamples(command, project);
  const example = examples.find((line) => shown.includes(line)) ?? examples[0];
  if (example === undefined) return [];
  if (scenario.notRun?.test(example)) return [formatCode(examples.join("\n"), "sh")];
  if (scenario.isReleased) project.releaseStore();
  const { text, exitCode } = await runExample(example, project, scenario);
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${example}\n${text}`);
  const lines = text.trimEnd().split(/[ ]*\n/);
  const output =
    lines.length <= MAX_OUTPUT_LINES
      ? lines
      : [...lines.slice(0, MAX_OUTPUT_LINES), `… ${lines.length - MAX_OUTPUT_LINES} more lines`];
  const others = examples.filter((line) => line !== example);
  return [
    formatCode(example, "sh"),
    text === "" ? "" : formatCode(output.join("\n"), "text"),
    others.length === 0 ? "" : joinParts("More examples:", formatCode(others.join("\n"), "sh")),
  ];
}

/**
 * Returns the section of a command that runs: usage, examples, arguments and options. `level` is the level of its
 * headings; null writes none, because the tables name their contents.
 */
async function formatCommand(command, shared, project, scenario, level) {
  const own = listOptions(command).filter((option) => !shared.some((other) => isSame(option, other)));
  const heading = (text) => (level === null ? "" : `${"#".repeat(level)} ${text}`);
  const argumentTable = formatArguments(command);
  return joinParts(
    heading("Usage"),
    formatCode(formatUsage(command), "text"),
    heading("Examples"),
    await formatExamples(command, project, scenario),
    argumentTable === "" ? "" : [heading("Arguments"), argumentTable],
    own.length === 0 ? "" : [heading("Options"), formatOptions(own)],
    shared.length === 0 ? "" : "See also the [options of every subcommand](#options-of-every-subcommand).",
  );
}

async function createProject({ project: name = "collab", before = [], edit }) {
  const project = new ExampleProject(name);
  for (const line of before) {
    const { text, exitCode } = await project.run(line);
    if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${line}\n${text}`);
  }
  if (edit !== undefined) {
    const [file, pattern, replacement] = edit;
    const path = join(project.dir, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(pattern, replacement));
  }
  return project;
}

async function buildPage(command) {
  const scenario = SCENARIOS[command.name()] ?? {};
  let project = await createProject(scenario);
  try {
    const name = formatCommandName(command);
    const head = [`# ${name}`, toSentence(command.description())];
    const aliases = command.aliases().map((alias) => `\`knock ${alias}\``);
    if (aliases.length > 0) head.push(`Alias: ${aliases.join(", ")}`);
    if (command.commands.length === 0) return joinParts(head, await formatCommand(command, [], project, scenario, 2));
    const shared = listSharedOptions(command);
    const sections = [];
    for (const subcommand of listLeaves(command)) {
      const subname = formatCommandName(subcommand);
      if (scenario.isolated) {
        project.remove();
        project = await createProject(scenario);
      }
      const isDefault = command._defaultCommandName === subcommand.name();
      sections.push(
        `## ${subname}`,
        `${toSentence(subcommand.description())}${isDefault ? ` \`${name}\` alone does the same.` : ""}`,
        await formatCommand(subcommand, shared, project, scenario, null),
      );
    }
    const rows = listLeaves(command).map((subcommand) => {
      const subname = formatCommandName(subcommand);
      return [`[\`${subname}\`](#${toAnchor(subname)})`, toSentence(subcommand.summary() || subcommand.description())];
    });
    return joinParts(
      head,
      formatTable(["Command", "Description"], rows),
      sections,
      shared.length === 0 ? [] : ["## Options of every subcommand", formatOptions(shared)],
    );
  } finally {
    project.remove();
  }
}

/** Returns the index: a table for each group of commands. */
function buildIndex(commands) {
  const groups = groupByHeading(commands, (command) => command.helpGroup() || "Commands:");
  const tables = [...groups].flatMap(([heading, members]) => [
    groups.size > 1 ? `## ${heading.replace(/:$/, "")}` : "",
    formatTable(
      ["Command", "Description"],
      members.map((command) => [
        `[\`${formatCommandName(command)}\`](${command.name()}.md)`,
        toSentence(command.summary() || command.description()),
      ]),
    ),
  ]);
  return joinParts(
    "# Commands",
    "Each page lists the arguments and options of a command, with the output of an example. `knock help <command>` prints the same in a terminal.",
    tables,
    "The examples run in [`fixtures/collab`](../../../fixtures/collab), a project that is part of the repository.",
  );
}

export async function buildPages() {
  const commands = await readCommands();
  const pages = { [`${FOLDER}/README.md`]: `${buildIndex(commands)}\n` };
  for (const command of commands) pages[`${FOLDER}/${command.name()}.md`] = `${await buildPage(command)}\n`;
  return pages;
}
