import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import type { HelpTopic } from "../../commands/shared/help-topic.js";
import { addCommonOptions, type CommonFlags } from "../../commands/shared/options.js";
import { parsePositive } from "../../commands/shared/parse-number.js";
import type { CommandContext } from "../../context/command-context.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { DEFAULT_NAME } from "../../util/command-name.js";
import { correctWord } from "../../util/find-nearest.js";
import { findPage } from "./find-page.js";
import { findDocsFolder, listPagePaths, type Page, readPage, readSection, type Section, toPageName } from "./pages.js";
import { type SearchResult, searchDocs, type TopicText } from "./search.js";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

interface DocsFlags extends CommonFlags {
  limit: string;
}

/** Loads the pages of `knock help`, by topic. */
type LoadTopics = () => Promise<Readonly<Record<string, HelpTopic>>>;

/** Registers `knock docs`, which also finds the topics of `knock help`. */
export function registerDocs(program: Command, context: CommandContext, loadTopics: LoadTopics): void {
  const command = program
    .command("docs")
    .argument("[words...]", "words to search, or a page such as guide/schedules or guide/schedules#test-it")
    .helpGroup(COMMAND_GROUPS.settings)
    .summary("Search and read the documentation offline")
    .description(
      "Search the installed documentation, or print a page or a section as Markdown. Without words, list all pages.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--limit <n>", `print up to this number of results, 1 to ${MAX_LIMIT}`, String(DEFAULT_LIMIT));
  addExamples(addCommonOptions(command, undefined, { quiet: "print only the names of pages and sections" }), [
    "knock docs move the clock",
    "knock docs guide/test-workflows",
    "knock docs troubleshooting#actor_missing",
    "knock docs quiet hours --limit 3 --json",
  ]).action((words: string[], flags: DocsFlags) =>
    runDocs(words, flags, context, () => readTopics(program, loadTopics)),
  );
}

/** Returns the texts of the help topics. The commands that one of them lists are not needed to find it. */
async function readTopics(program: Command, loadTopics: LoadTopics): Promise<TopicText[]> {
  return Object.entries(await loadTopics()).map(([name, { summary, buildBlocks }]) => ({
    name,
    summary,
    text: buildBlocks(program)
      .map((block) => (typeof block === "string" ? block : block.map((row) => row.join(": ")).join("\n\n")))
      .join("\n\n"),
  }));
}

async function runDocs(
  words: readonly string[],
  flags: DocsFlags,
  { output }: CommandContext,
  readTopicTexts: () => Promise<TopicText[]>,
): Promise<void> {
  const limit = parsePositive("--limit", flags.limit, { isInteger: true, max: MAX_LIMIT, example: DEFAULT_LIMIT });
  const folder = findDocsFolder();
  const paths = listPagePaths(folder);
  if (words.length === 0)
    return printPages(
      paths.map((path) => readPage(folder, path)),
      output,
    );
  const query = words.join(" ").trim();
  if (query === "")
    throw new KnockError("usage", "the words to search are empty", {
      hint: "For example: knock docs move the clock. Run `knock docs` to list the pages.",
    });
  const named = findPage(query, folder, paths);
  if (named !== null) return printPage(named.page, named.section, output);
  const pages = paths.map((path) => readPage(folder, path));
  const { results, nearest } = await searchDocs(query, pages, await readTopicTexts(), limit);
  if (results.length > 0) return printResults(query, results, output);
  throw new KnockError("resource_missing", `no page of the documentation contains ${JSON.stringify(query)}`, {
    hint:
      nearest === undefined
        ? "Use other words, or run `knock docs` to list the pages."
        : { ...correctWord(query, nearest), typed: words },
  });
}

/** Returns the folder of a page below docs/; "other" for a page outside of the folders. */
const findSection = (path: string): string => /^docs\/(.*)\/[^/]*$/.exec(path)?.[1] ?? "other";

function printPages(pages: readonly Page[], output: Output): void {
  const items = pages.map(({ path, title }) => ({ page: path, title, section: findSection(path) }));
  if (output.verbosity.json) return output.json({ items });
  if (output.verbosity.quiet) return output.lines(items.map(({ page }) => toPageName(page)));
  const width = Math.max(...items.map(({ page }) => toPageName(page).length));
  for (const [index, { page, title, section }] of items.entries()) {
    if (section !== items[index - 1]?.section) output.line(`${index === 0 ? "" : "\n"}${output.colors.bold(section)}`);
    output.line(`  ${toPageName(page).padEnd(width)}  ${title}`);
  }
  output.note("\nRun `knock docs <page>` to read a page, or `knock docs <words>` to search.");
}

function printPage(page: Page, section: Section | null, output: Output): void {
  const text = section === null ? page.sections.map((one) => one.text).join("\n\n") : readSection(page, section);
  if (!output.verbosity.json) return output.raw(`${text}\n`);
  output.json({
    page: page.path,
    title: page.title,
    anchor: section?.anchor ?? null,
    text,
    sections: page.sections.map(({ heading, anchor }) => ({ heading, anchor })),
  });
}

function printResults(query: string, results: readonly SearchResult[], output: Output): void {
  const { colors, verbosity } = output;
  const items = results.map((result) => ({
    ...result,
    command: result.command.replace(DEFAULT_NAME, output.commandName),
  }));
  if (verbosity.json) return output.json({ query, items });
  for (const [index, { command, title, heading, excerpt, page }] of items.entries()) {
    const name = page === null ? command : command.replace(`${output.commandName} docs `, "");
    if (verbosity.quiet) output.line(name);
    else {
      if (index > 0) output.line();
      output.line(`${colors.bold(name)}  ${page === null || title === heading ? heading : `${title} › ${heading}`}`);
      if (excerpt !== "") output.line(`  ${excerpt}`);
    }
  }
  output.note("\nRun `knock docs <page>` to read a page or a section.");
}
