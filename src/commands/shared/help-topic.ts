import type { Command } from "commander";

/** A paragraph, or a table of terms and their descriptions. */
export type HelpBlock = string | readonly (readonly [term: string, description: string])[];

/** A page of `knock help <topic>`. */
export interface HelpTopic {
  /** The subject of the page, for the list of topics. */
  summary: string;
  /** The documentation with more details. */
  page: string;
  /** Builds the page. `program` has every command. */
  buildBlocks(program: Command): readonly HelpBlock[];
}

/** Returns a text without the backquotes that mark code in generated documentation. */
export function toPlainText(text: string): string {
  return text.replaceAll("`", "");
}
