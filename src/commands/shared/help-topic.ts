import { join } from "node:path";
import type { Command } from "commander";
import { findPackageFolder } from "../../util/find-package-folder.js";

/** A paragraph, or a table of terms and their descriptions. */
export type HelpBlock = string | readonly (readonly [term: string, description: string])[];

/** A page of `knock help <topic>`. */
export interface HelpTopic {
  /** The subject of the page, for the list of topics. */
  summary: string;
  /** The documentation with more details: a path in the package. */
  page: string;
  /** Builds the page. `program` has every command. */
  buildBlocks(program: Command): readonly HelpBlock[];
}

/** Returns the last paragraph of a help page: the command that prints the page of the documentation with more details, or its path. */
export function formatMore(page: string, section?: string): string {
  const [, name] = /^docs\/(.*)\.md$/.exec(page) ?? [];
  if (name === undefined) return `More: ${join(findPackageFolder(), page)}`;
  return `More: \`knock docs ${name}${section === undefined ? "" : `#${section}`}\``;
}

/** Returns a text without the backquotes that mark code in generated documentation. */
export function toPlainText(text: string): string {
  return text.replaceAll("`", "");
}
