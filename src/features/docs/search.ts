import { findNearest } from "../../util/find-nearest.js";
import { createCodeDetector, type Page, toPageName, toPlainLine } from "./pages.js";

/** A page of `knock help <topic>`. */
export interface TopicText {
  name: string;
  summary: string;
  text: string;
}

/** A part of the documentation that a search can find. */
interface Entry {
  id: number;
  /** The path of the page; null for a help topic. */
  page: string | null;
  title: string;
  heading: string;
  anchor: string | null;
  text: string;
  code: string;
  /** The command that prints it. */
  command: string;
}

/** A found part of the documentation. */
export interface SearchResult extends Omit<Entry, "id" | "text" | "code"> {
  /** The text that contains the words. */
  excerpt: string;
}

/** Words that questions contain and that tell nothing about their subject. */
const STOP_WORDS = new Set(
  "a an and are as at be by can do does for from has have how i if in is it its my of on or that the this to was what when where which who why will with you your".split(
    " ",
  ),
);

/** Letters from which on a word may be the start of a longer one, or have a typing mistake. */
const MIN_PREFIX_LENGTH = 3;
const MIN_FUZZY_LENGTH = 5;
/** Typing mistakes for each letter of a word. */
const FUZZINESS = 0.2;
/** The importance of titles, and of code, compared with text. */
const BOOST = { heading: 3, title: 2, code: 0.3 };
/** The importance of pages by their folder. A guide explains what a table of the reference only lists. */
const PAGE_WEIGHTS: Readonly<Record<string, number>> = { guide: 1.5, recipes: 1.2, README: 0.3 };
/** Headings that most pages have. */
const COMMON_HEADINGS = ["Options", "Examples", "Arguments", "Next"];
const COMMON_HEADING_WEIGHT = 0.5;

const MAX_EXCERPT = 160;

function* listEntries(pages: readonly Page[], topics: readonly TopicText[]): Generator<Entry> {
  let id = 0;
  for (const { path, title, sections } of pages)
    for (const [index, { heading, anchor, text }] of sections.entries()) {
      const isPage = index === 0;
      const name = `${toPageName(path)}${isPage ? "" : `#${anchor}`}`;
      const isCodeLine = createCodeDetector();
      const body = text
        .split("\n")
        .slice(1)
        .map((line) => ({ line, isCode: isCodeLine(line) }));
      const select = (isCode: boolean): string =>
        body.flatMap((one) => (one.isCode === isCode ? one.line : [])).join("\n");
      yield {
        id: id++,
        page: path,
        title,
        heading,
        anchor: isPage ? null : anchor,
        text: select(false),
        code: select(true),
        command: `knock docs ${name}`,
      };
    }
  for (const { name, summary, text } of topics) {
    const command = `knock help ${name}`;
    yield { id: id++, page: null, title: command, heading: summary, anchor: null, text, code: "", command };
  }
}

/** Returns the passages of a section: paragraphs, items of lists and rows of tables, then lines of code. */
function listPassages({ text, code }: Entry): string[] {
  const parts = text
    .split(/\n(?=\n|\||- |\d+\. )/)
    .map((part) => toPlainLine(part.replaceAll("\n", " ").trim()).replace(/^- /, ""))
    .map((part) => (part.startsWith("| ") ? splitCells(part).join(" · ") : part));
  const lines = code.split("\n").filter((line) => !line.startsWith("```"));
  return [...parts, ...lines.map((line) => line.trim())].filter((part) => /[\p{L}\p{N}]/u.test(part));
}

const splitCells = (row: string): string[] => row.split("|").flatMap((cell) => cell.trim() || []);

/** Returns the passage with the most of the words, shortened around the first one. */
function buildExcerpt(entry: Entry, words: readonly string[]): string {
  const passages = listPassages(entry);
  const count = (passage: string): number => words.filter((word) => passage.toLowerCase().includes(word)).length;
  const counts = passages.map(count);
  const best = passages[counts.indexOf(Math.max(...counts))] ?? "";
  if (best.length <= MAX_EXCERPT) return best;
  const places = words.map((word) => best.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const first = Math.min(best.length, ...places);
  const from = first <= MAX_EXCERPT / 2 ? 0 : best.lastIndexOf(" ", first - MAX_EXCERPT / 4) + 1;
  const to = best.lastIndexOf(" ", from + MAX_EXCERPT);
  const end = best.length - from <= MAX_EXCERPT ? best.length : to > from ? to : from + MAX_EXCERPT;
  return `${from === 0 ? "" : "… "}${best.slice(from, end)}${end === best.length ? "" : " …"}`;
}

/**
 * Searches pages and help topics. Returns the best results first, or the nearest word of a heading without results. The index is
 * built for each search, which takes a tenth of a second.
 */
export async function searchDocs(
  query: string,
  pages: readonly Page[],
  topics: readonly TopicText[],
  limit: number,
): Promise<{ results: SearchResult[]; nearest: string | undefined }> {
  const { default: MiniSearch } = await import("minisearch");
  const processTerm = (term: string): string | null => {
    const word = term.toLowerCase();
    return STOP_WORDS.has(word) ? null : word;
  };
  const index = new MiniSearch<Entry>({ fields: ["title", "heading", "text", "code"], processTerm });
  const entries = [...listEntries(pages, topics)];
  index.addAll(entries);
  const found = index.search(query, {
    boost: BOOST,
    prefix: (term) => term.length >= MIN_PREFIX_LENGTH,
    fuzzy: (term) => (term.length >= MIN_FUZZY_LENGTH ? FUZZINESS : false),
  });
  // A section with all words is better than one that repeats a rare one.
  const ranked = found.map((result) => {
    const entry = entries[result.id as number] as Entry;
    const weight = PAGE_WEIGHTS[toPageName(entry.page ?? "").split("/")[0] ?? ""] ?? 1;
    const headingWeight = COMMON_HEADINGS.includes(entry.heading) ? COMMON_HEADING_WEIGHT : 1;
    return { entry, terms: result.terms, rank: result.score * result.queryTerms.length ** 2 * weight * headingWeight };
  });
  const best = ranked.sort((a, b) => b.rank - a.rank).slice(0, limit);
  const results = best.map(({ entry, terms }): SearchResult => {
    const { id: _id, text: _text, code: _code, ...rest } = entry;
    return { ...rest, excerpt: buildExcerpt(entry, terms) };
  });
  const words = entries.flatMap(({ heading }) => heading.toLowerCase().match(/[\p{L}\p{N}_-]+/gu) ?? []);
  return { results, nearest: results.length > 0 ? undefined : findNearest(query, new Set(words)) };
}
