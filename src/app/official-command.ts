import { KnockError } from "../errors/knock-error.js";
import { findNearest } from "../util/find-nearest.js";

/** Hints for commands of the service's official command line that this tool replaces; null if it has no equivalent. */
const EQUIVALENTS: Readonly<Record<string, string | null>> = {
  list: "Run `knock workflows list` to list the project's workflows.",
  get: "Run `knock workflows show <key>` to show a workflow of the project.",
  validate: "Run `knock validate <key>` to see the problems of a workflow's files.",
  new: "Create workflows/<key>/workflow.json in the project, or run `knock init` for a first one.",
  open: "Run `knock dev` and open its page to see the project's workflows.",
  push: null,
  pull: null,
  activate: null,
  "generate-types": "Run `knock types` to generate types from the project's files.",
};

/** Returns whether a word is a `workflow` command of the official tool that this tool does not offer. */
export function isOfficialCommand(word: string): boolean {
  return Object.hasOwn(EQUIVALENTS, word) && word !== "list";
}

/**
 * Creates the error for `knock workflow <word>`, which is the official tool's spelling. The hint names the equivalent
 * of this tool and the official command.
 */
export function createOfficialCommandError(word: string): KnockError {
  const typed = word.startsWith("-") ? "" : word;
  const known = Object.hasOwn(EQUIVALENTS, typed) ? typed : findNearest(typed, [...Object.keys(EQUIVALENTS), "run"]);
  if (typed === "" || known === undefined || known === "run")
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
  const official = `Run \`npx @knocklabs/cli workflow ${known}\` for the workflows in your Knock account.`;
  const equivalent = EQUIVALENTS[known] ?? "This tool works on the project's files as they are and needs no commit.";
  return new KnockError("usage", `"workflow ${known}" is a command of the service's official command line`, {
    hint: `${equivalent} ${official}`,
  });
}
