import { stringify } from "yaml";
import { escapeControls } from "../output/escape-controls.js";
import type { JsonObject } from "../util/json.js";

const MAX_COMMENT_WIDTH = 100;

/** Breaks a sentence into lines of a comment. */
function formatComment(sentence: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of escapeControls(sentence).replaceAll("\n", " ").split(" ")) {
    if (line !== "" && line.length + word.length >= MAX_COMMENT_WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((text) => `# ${text}\n`).join("");
}

/** Returns a file of scenarios as YAML, below comments of one sentence each. */
export function formatScenarioFile(file: JsonObject, comments: readonly string[]): string {
  const text = stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
  return `${comments.map(formatComment).join("")}${text}`;
}
