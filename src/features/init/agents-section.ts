import { KnockError } from "../../errors/knock-error.js";

/** The comments around the section. A repository with several projects has one section for each, named by its folder. */
const START = /^<!-- knock:start(?: (.+?))? -->$/;
const END = "<!-- knock:end -->";

/** Returns the section about a project, whose folder is empty if it is the root of the repository. */
export function buildAgentsSection(folder: string, skill: string): string {
  const place = folder === "" ? "this folder" : `\`${folder}\``;
  return `<!-- knock:start${folder === "" ? "" : ` ${folder}`} -->
## Notification workflows (knock)

The project of the \`knock\` command is in ${place}: run it there, with \`npx knock-cli\` if \`knock\` is not installed.

- Read \`${skill}\` before you change, trigger, test or explain a workflow.
- Prove each change with a scenario, then run \`knock validate\` and \`knock test\`.
- Commands work locally and offline, and send nothing. Use \`--remote\`, \`push\` and \`promote\` only if you were asked to.
- Search the documentation with \`knock docs <words>\`. \`knock help <command> --json\` describes a command.
- With \`--json\`, the \`suggestion\` of an error is the corrected command.
${END}`;
}

/** Returns the first and the last line of the section about a folder, from 0; null without one. Throws `project_invalid`. */
function findSection(lines: readonly string[], folder: string, file: string): { first: number; last: number } | null {
  const fail = (line: number, message: string, hint: string): never => {
    throw new KnockError("project_invalid", `${file}:${line + 1}: ${message}`, {
      hint: `${hint} Nothing was changed.`,
    });
  };
  let found: { first: number; last: number } | null = null;
  let open: { line: number; folder: string } | null = null;
  for (const [line, text] of lines.entries()) {
    const start = START.exec(text.trim());
    if (start !== null) {
      if (open !== null) fail(open.line, `the section of knock has no end`, `Add the line ${END} after it.`);
      open = { line, folder: start[1] ?? "" };
    } else if (text.trim() === END) {
      if (open === null) fail(line, "the end of a section of knock has no start", "Remove the line.");
      else {
        if (open.folder === folder && found !== null)
          fail(
            open.line,
            `there are two sections of knock; the first one is in line ${found.first + 1}`,
            "Remove one.",
          );
        if (open.folder === folder) found = { first: open.line, last: line };
        open = null;
      }
    }
  }
  if (open !== null) fail(open.line, `the section of knock has no end`, `Add the line ${END} after it.`);
  return found;
}

/**
 * Returns the text of an AGENTS.md with the section of a project, which replaces an earlier one or follows the text. Text outside
 * the section and the kind of line breaks stay as they are. Throws `project_invalid` with the line of a marker that is wrong.
 */
export function updateAgentsFile(text: string, section: string, folder: string, file: string): string {
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n";
  const own = section.split("\n");
  const lines = text.split(/\r?\n/);
  const found = findSection(lines, folder, file);
  if (found === null) {
    const separator = text === "" ? "" : text.endsWith("\n") ? lineBreak : lineBreak.repeat(2);
    return `${text}${separator}${own.join(lineBreak)}${lineBreak}`;
  }
  // Lines are replaced in the text itself, because a file may mix line breaks.
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1), text.length];
  const before = text.slice(0, starts[found.first]);
  const last = text.slice(starts[found.last], starts[found.last + 1]);
  return `${before}${own.join(lineBreak)}${/\r?\n$/.exec(last)?.[0] ?? ""}${text.slice(starts[found.last + 1])}`;
}
