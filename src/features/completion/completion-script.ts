import { KnockError } from "../../errors/knock-error.js";

/** Changes of the library's scripts: the beginning of a line without its indentation, and the lines that replace it. */
const CHANGES = {
  bash: [
    // Restores IFS also if the command fails.
    ["local si=", 'local si="$IFS" IFS="$IFS"'],
    [
      // Bash adds a space after a completed word, which a word that needs a value must not have.
      "if type __ltrim_colon_completions",
      `if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=,] ]]; then compopt -o nospace; fi
    if type __ltrim_colon_completions &>/dev/null; then`,
    ],
  ],
  zsh: [
    [
      // Passes only the command at the cursor, without the commands before it, and hides errors.
      "IFS=$'\\n' reply=(",
      `IFS=$'\\n' reply=($(COMP_LINE="\${(j: :)words[1,CURRENT-1]} $PREFIX" COMP_POINT= SHELL=zsh knock completion-server 2>/dev/null))`,
    ],
    [
      "_describe 'values' reply",
      `local -a open=(\${(M)reply:#*=(|:*)}) closed=(\${reply:#*=(|:*)})
      (( $#closed )) && _describe 'values' closed
      (( $#open )) && _describe 'values' open -S ''`,
    ],
  ],
  fish: [
    [
      // The library's line evaluates the typed words, which would run a command substitution in quotes.
      "set completions (eval",
      "set completions (env COMP_LINE=(commandline -cp | string collect) COMP_POINT= SHELL=fish knock completion-server 2>/dev/null)",
    ],
    ["echo -e $completion", "printf '%s\\n' $completion"],
  ],
  powershell: [],
} satisfies Readonly<Record<string, readonly (readonly [line: string, replacement: string])[]>>;

/** The shells that `knock completion` supports. */
export type CompletionShell = keyof typeof CHANGES;

/** Returns the completion script of a shell for a command, which runs its `completion-server` for each completion. */
export async function getCompletionScript(shell: CompletionShell, name: string): Promise<string> {
  const { getCompletionScript: getScript } = await import("@pnpm/tabtab");
  const script = await getScript({ name, completer: name, shell: shell === "powershell" ? "pwsh" : shell });
  const lines = script.split("\n");
  for (const [start, replacement] of CHANGES[shell]) {
    const index = lines.findIndex((line) => line.trimStart().startsWith(start));
    // An update of the library must not undo a change unnoticed.
    if (index === -1) throw new KnockError("internal", `the completion script of ${shell} has no line "${start}"`);
    const [indentation = ""] = /^ */.exec(lines[index] ?? "") ?? [];
    lines[index] = `${indentation}${replacement.replace("knock completion-server", `${name} completion-server`)}`;
  }
  return lines.join("\n");
}
