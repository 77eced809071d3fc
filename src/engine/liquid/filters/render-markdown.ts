import MarkdownIt from "markdown-it";
import { once } from "../../../util/once.js";

/**
 * Limits how far linkify-it reads a group such as `(…)` in the path of a link. It reads a group that is not closed to the end
 * of the word, which takes quadratic time if a text repeats a link with an open bracket.
 */
const MAX_GROUP = 256;

/** Finds links with a scheme, and email addresses, in linear time. */
function limitLinks({ linkify }: MarkdownIt): void {
  linkify.onCompile = () => {
    const patterns = linkify.re as unknown as { src_path: string };
    patterns.src_path = patterns.src_path
      .replaceAll(").)*", `).){0,${MAX_GROUP}}`)
      .replaceAll(").)+", `).){1,${MAX_GROUP}}`);
  };
  // `notes.md` looks like a host name, and `//a/b` in code like a link. linkify-it also looks for links inside of the latter.
  linkify.set({ fuzzyLink: false }).add("//", null);
}

function createMarkdown(linkify: boolean): MarkdownIt {
  const parser = new MarkdownIt({ html: true, linkify });
  if (linkify) limitLinks(parser);
  // GitHub Flavored Markdown renders strikethrough as <del>; markdown-it would use <s>.
  parser.renderer.rules.s_open = () => "<del>";
  parser.renderer.rules.s_close = () => "</del>";
  return parser;
}

const getPlainParser = once(() => createMarkdown(false));
const getLinkifyingParser = once(() => createMarkdown(true));

/** Matches every text that can contain a bare link. Most texts contain none, and looking for links adds 0.7 ms to a start. */
const MAY_HAVE_LINKS = /\/\/|@|mailto:/i;

/**
 * Renders CommonMark with tables, strikethrough and bare links as HTML. HTML in the source is kept. Removes the line break
 * at the end, because a template's file ends with one and a feed must not show it (T-007, T-204, TQ-14).
 */
export function renderMarkdown(source: string): string {
  return (MAY_HAVE_LINKS.test(source) ? getLinkifyingParser() : getPlainParser()).render(source).trimEnd();
}
