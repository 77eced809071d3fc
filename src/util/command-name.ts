import { basename } from "node:path";

/** The name that texts of the program contain. */
export const DEFAULT_NAME = "knock";

/** The words after which a text names the command: quotes, a prompt, another command, or the start of a row of a table. */
const COMMAND = /(?<=[`'"($>]|\$ |&& |\| |-- |example: |^ {2})knock(?= [a-z<[-]|\|)/gm;

/**
 * Returns the words with which a user started the command: the name of its file, after `npx` if that found it. `script` is the
 * second word of the process.
 */
export function findCommandName(script: string | undefined, env: Record<string, string | undefined>): string {
  const name = basename(script ?? DEFAULT_NAME).replace(/\.(?:js|exe)$/i, "");
  const [started = ""] = (env.npm_lifecycle_script ?? "").replaceAll(/["']/g, "").split(" ");
  const isNpx = env.npm_lifecycle_event === "npx" && started === name;
  return isNpx ? `npx ${name}` : name;
}

/** Returns a text of the program, such as help or a hint, with another name of the command in its examples. */
export function renameCommand(text: string, name: string): string {
  return name === DEFAULT_NAME ? text : text.replace(COMMAND, name);
}
