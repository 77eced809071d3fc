import { KnockError } from "../../../errors/knock-error.js";
import type { Tool } from "../tool.js";
import { textField } from "./fields.js";

/** The last line of a search on the command line, and the line that a model needs instead. */
const COMMAND_NOTE = /^\n?Run `[^`]+ <page>` to read .*\n/m;
const PAGE_NOTE = 'Read a result with {"page":"…"}.\n';

export const docs: Tool = {
  name: "docs",
  title: "Search the documentation",
  description:
    "Search the documentation offline, or read a page or section. Use it for file formats, scenarios, Liquid filters, error codes and reasons.",
  input: () => ({
    search: textField("Words to find."),
    page: textField("A page, such as guide/test-workflows, or a section of it: page#anchor."),
  }),
  documents: ["docs-search", "docs-page"],
  effect: "read",
  async run({ search, page }, { runText }) {
    if ((search === undefined) === (page === undefined))
      throw new KnockError("usage", "docs needs either search or page");
    const outcome = await runText({
      words: ["docs"],
      isGlobal: true,
      arguments: page === undefined ? String(search).split(/\s+/) : [String(page)],
    });
    return page === undefined ? { ...outcome, text: outcome.text.replace(COMMAND_NOTE, PAGE_NOTE) } : outcome;
  },
};
