import MarkdownIt from "markdown-it";
import { once } from "../../../util/once.js";

function createMarkdown(linkify: boolean): InstanceType<typeof MarkdownIt> {
  const parser = new MarkdownIt({ html: true, linkify });
  // Without a scheme, only email addresses become links, because a file name such as `notes.md` looks like a host name.
  if (linkify) parser.linkify.set({ fuzzyLink: false });
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
