import { ERROR_CODES } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { quoteForShell } from "../input/restore-quotes.js";
import { type Correction, didYouMean, findNearest, type Hint } from "../util/find-nearest.js";

const CHECK_FILES = "Run `knock validate` to check them.";
const NO_COMMIT = "This tool works on the project's files as they are and needs no commit.";

/** Commands of the service's official command line, with what to do here instead. */
const OFFICIAL_COMMANDS: Readonly<Record<string, string>> = {
  commit: "Run `knock push --help` to commit resources with --message, and `knock promote --help` to promote commits.",
  branch: "Run `knock branches --help` to list, create, merge and delete branches of your account.",
  environment:
    "Run `knock config list` to see the environment in use. Add --environment <name> to a command to use another one. For variables of the process, run `knock help environment`.",
  channel: "Channels are defined in environment.json. Run `knock channels list` to see them.",
  layout: `Layouts are files in layouts/. ${CHECK_FILES} Run \`knock new layout <key>\` to create one.`,
  "email-layout": `Layouts are files in layouts/. ${CHECK_FILES} Run \`knock new layout <key>\` to create one.`,
  partial: `Partials are files in partials/. ${CHECK_FILES} Run \`knock new partial <key>\` to create one.`,
  translation: `Translations are files in translations/. ${CHECK_FILES} Run \`knock new translation <locale>\` to create one.`,
  "message-type": `Message types are files in message-types/. ${CHECK_FILES}`,
  guide: `Guides are files in guides/. ${CHECK_FILES}`,
  audience: "Run `knock audiences list <key>` to see the members of an audience.",
  broadcast: "Run `knock broadcasts list` to see the project's broadcasts.",
  source: "Run `knock sources list` to see the project's sources.",
  whoami: "Run `knock auth status` to see the API key in use.",
  "workflow list": "Run `knock workflows list` to list the project's workflows.",
  "workflow get": "Run `knock workflows show <key>` to show a workflow of the project.",
  "workflow validate": "Run `knock validate <key>` to see the problems of a workflow's files.",
  "workflow new": "Run `knock new workflow <key>` to create a workflow in the project.",
  "workflow open": "Run `knock dev` and open its page to see the project's workflows.",
  "workflow push": "Run `knock push workflows/<key>` to send a workflow to your account.",
  "workflow pull": "Run `knock pull workflows/<key>` to write a workflow of your account into the project.",
  "workflow activate": NO_COMMIT,
  "workflow generate-types": "Run `knock types` to generate types from the project's files.",
};

/** Names that other tools use for a command, with what to do here instead: a hint, or the command that means the same. */
const SYNONYMS: Readonly<Record<string, string | readonly [meant: string]>> = {
  version: ["--version"],
  send: ["notify"],
  server: ["dev"],
  start: ["dev"],
  login: ["auth login"],
  logout: ["auth logout"],
  msg: ["messages"],
  msgs: ["messages"],
  render: ["preview"],
  explain: ["why"],
  "generate-types": ["types"],
  deploy: "Run `knock push --help` to send the project's files to your account.",
  status: "Run `knock runs list` to see runs, or `knock doctor` to check the project.",
};

/** Returns what to do here instead of using a kind of resource of the official command line; undefined for other words. */
export const findResourceHint = (word: string): string | undefined =>
  Object.hasOwn(OFFICIAL_COMMANDS, word) ? OFFICIAL_COMMANDS[word] : undefined;

/** The words that this tool does not have as commands, but knows what they stand for. */
export const KNOWN_WORDS = [...Object.keys(OFFICIAL_COMMANDS), ...Object.keys(SYNONYMS)];

/** Returns the error for a command of the official command line. `args` are its arguments. */
function createOfficialCommandError(name: string, args: readonly string[]): KnockError {
  const isWorkflow = name.startsWith("workflow ");
  const official = `npx @knocklabs/cli ${[name, ...args.map(quoteForShell)].join(" ")}`;
  return new KnockError("usage", `"${name}" is a command of the service's official command line`, {
    hint: `${OFFICIAL_COMMANDS[name]} Run \`${official}\` for ${isWorkflow ? "the workflows in " : ""}your Knock account.`,
  });
}

/** Returns whether a word is a `workflow` command of the official command line that this tool does not offer. */
export function isOfficialWorkflowCommand(word: string): boolean {
  return Object.hasOwn(OFFICIAL_COMMANDS, `workflow ${word}`) && word !== "list";
}

/**
 * Creates the error for `knock workflow <word>`, which is the official tool's spelling. The hint names the equivalent
 * of this tool and the official command.
 */
export function createWorkflowCommandError(word: string): KnockError {
  const typed = word.startsWith("-") ? "" : word;
  const names = Object.keys(OFFICIAL_COMMANDS).flatMap((name) => /^workflow (.*)/.exec(name)?.[1] ?? []);
  const known = names.includes(typed) ? typed : findNearest(typed, [...names, "run"]);
  if (known !== undefined && known !== "run") return createOfficialCommandError(`workflow ${known}`, []);
  return new KnockError(
    "usage",
    typed === "" ? "knock workflow needs a command" : `knock workflow has no command "${typed}"`,
    {
      hint:
        known === "run"
          ? "Did you mean `knock workflow run`?"
          : "Run `knock workflows list` to list workflows, `knock workflow run <key>` to trigger one. The service's official command, @knocklabs/cli, has the other commands.",
    },
  );
}

/** Returns the correction of a word that names a topic of `knock help`. */
const correctTopic = (typed: string, topic: readonly string[], hint: string): Correction => ({
  hint,
  typed: [typed],
  meant: ["help", ...topic],
});

/** Creates the error for words that start with the name of no command: a hint what to run instead. */
export function createUnknownCommandError(
  [typed = "", ...args]: readonly string[],
  commands: readonly string[],
  topics: readonly string[],
): KnockError {
  const isKnown = KNOWN_WORDS.includes(typed);
  const near = isKnown ? typed : findNearest(typed, [...commands, ...KNOWN_WORDS]);
  const createError = (hint: Hint | undefined): KnockError =>
    new KnockError("usage", `there is no command "${typed}"`, { hint });
  if (!isKnown && [...topics, "error"].includes(typed))
    return createError(
      correctTopic(typed, [typed], `"${typed}" is a help topic. Run \`knock help ${typed}\` to read it.`),
    );
  if (Object.hasOwn(ERROR_CODES, typed))
    return createError(
      correctTopic(
        typed,
        ["error", typed],
        `"${typed}" is an error code. Run \`knock help error ${typed}\` to see its causes.`,
      ),
    );
  if (near !== undefined && Object.hasOwn(OFFICIAL_COMMANDS, near)) return createOfficialCommandError(near, args);
  const synonym = near !== undefined && Object.hasOwn(SYNONYMS, near) ? SYNONYMS[near] : undefined;
  if (typeof synonym === "string") return createError(synonym);
  if (synonym !== undefined)
    return createError({ hint: `Did you mean \`knock ${synonym[0]}\`?`, typed: [typed], meant: synonym[0].split(" ") });
  return createError(didYouMean(typed, commands, "Commands", commands.length));
}
