import { KnockError } from "../../../errors/knock-error.js";
import type { Tool } from "../tool.js";
import { textField } from "./fields.js";

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
  run({ search, page }, { runText }) {
    if ((search === undefined) === (page === undefined))
      throw new KnockError("usage", "docs needs either search or page");
    return runText({
      words: ["docs"],
      isGlobal: true,
      arguments: page === undefined ? String(search).split(/\s+/) : [String(page)],
    });
  },
};
