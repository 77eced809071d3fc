import { KnockError } from "../../errors/knock-error.js";
import { correctWord, didYouMean, findNearest } from "../../util/find-nearest.js";
import { type Page, readPage, type Section, toPageName } from "./pages.js";

/** A page that a user named, and the section if the name has an anchor. */
interface NamedPage {
  page: Page;
  section: Section | null;
}

/** The ending of a page's name in which a folder stands for its README.md. */
const INDEX = "/README";

/** Returns whether a word can only be the name of a page. */
const looksLikePage = (word: string): boolean => /^[\w./-]+\.md(?:#|$)|^[\w.-]+\/[\w./-]+(?:#|$)|^[\w./-]+#/.test(word);

/**
 * Returns the page that a word names: its path, with or without `docs/` and `.md`, and `#` with an anchor for one section. Returns
 * null if the word is to be searched. Throws `resource_missing` with the nearest name if the word looks like the name of a page.
 */
export function findPage(word: string, docsFolder: string, paths: readonly string[]): NamedPage | null {
  const [name = "", anchor = ""] = word.split("#", 2);
  const wanted = toPageName(name.replace(/^\.?\//, "").replace(/\/$/, ""));
  const names = paths.map(toPageName);
  const index = [wanted, `${wanted}${INDEX}`].map((candidate) => names.indexOf(candidate)).find((at) => at !== -1);
  const path = index === undefined ? undefined : paths[index];
  if (path === undefined) {
    if (!looksLikePage(word)) return null;
    // A page may also be named without its folder.
    const base = (candidate: string): string => candidate.slice(candidate.lastIndexOf("/") + 1);
    const nearBase = findNearest(base(wanted), names.map(base));
    const near = findNearest(wanted, names) ?? names.find((candidate) => base(candidate) === nearBase);
    throw new KnockError("resource_missing", `there is no page ${JSON.stringify(name)} in the documentation`, {
      hint: near === undefined ? "Run `knock docs` to list the pages." : correctWord(name, near),
    });
  }
  const page = readPage(docsFolder, path);
  if (anchor === "") return { page, section: null };
  const section = page.sections.find((one) => one.anchor === anchor.toLowerCase());
  if (section !== undefined) return { page, section };
  throw new KnockError("resource_missing", `the page ${toPageName(path)} has no section ${JSON.stringify(anchor)}`, {
    hint: didYouMean(
      anchor,
      page.sections.map((one) => one.anchor),
      "Sections",
    ),
  });
}
