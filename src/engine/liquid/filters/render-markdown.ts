import MarkdownIt from "markdown-it";
import { once } from "../../../util/once.js";

function createMarkdown(linkify: boolean): InstanceType<typeof MarkdownIt> {
  const parser = new MarkdownIt({ html: true, linkify });
  // Of what has no scheme only addresses of people become links: a file's name is no host's.
  if (linkify) parser.linkify.set({ fuzzyLink: false });
  // As GFM has it: what was deleted.
  parser.renderer.rules.s_open = () => "<del>";
  parser.renderer.rules.s_close = () => "</del>";
  return parser;
}

const getPlainParser = once(() => createMarkdown(false));
const getLinkifyingParser = once(() => createMarkdown(true));

/** Nothing else becomes a link by itself. Looking for links takes a start 0.7 ms, and most texts have none of these. */
const MAY_HAVE_LINKS = /\/\/|@|mailto:/i;

/**
 * CommonMark with tables, strikethrough and bare links (TQ-14) to HTML; HTML in the source stays HTML (T-007, T-204).
 * Without the last line break, which a template's file ends with and nobody wants in a feed.
 */
export function renderMarkdown(source: string): string {
  return (MAY_HAVE_LINKS.test(source) ? getLinkifyingParser() : getPlainParser()).render(source).trimEnd();
}
