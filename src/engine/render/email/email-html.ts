import { RenderError } from "../../liquid/liquid-errors.js";

/** Limits the HTML or text of an email in characters. Mail servers accept this size, with room for attachments. */
const MAX_PART_CHARACTERS = 10 * 1024 * 1024;

/** Throws {@link RenderError} for a part that is longer than the limit. */
export function checkLength(part: string, fieldPath: string): void {
  if (part.length > MAX_PART_CHARACTERS) {
    const megabytes = (part.length / 1_048_576).toFixed(1);
    throw new RenderError(
      `${fieldPath} is ${megabytes} MB once rendered, more than the ${MAX_PART_CHARACTERS / 1_048_576} MB allowed`,
    );
  }
}

/**
 * Returns the indexes of the first start tag of an element: its start, and after its end. Null without one. A pattern for the
 * whole tag would search the rest of the text for each start.
 */
function findStartTag(html: string, start: RegExp): { start: number; end: number } | null {
  const index = html.search(start);
  const close = index === -1 ? -1 : html.indexOf(">", index);
  return close === -1 ? null : { start: index, end: close + 1 };
}

/** Inserts HTML at the start of the head. Creates a head in `<html>`, or inserts at the start of HTML that is not a document. */
export function insertIntoHead(html: string, added: string): string {
  if (added === "") return html;
  const head = findStartTag(html, /<head[\s>]/i);
  if (head !== null) return `${html.slice(0, head.end)}${added}${html.slice(head.end)}`;
  const root = findStartTag(html, /<html[\s>]/i);
  if (root === null) return `${added}${html}`;
  return `${html.slice(0, root.end)}<head>${added}</head>${html.slice(root.end)}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Inserts the line that inboxes show beside the subject instead of the email's first words. It is invisible in the email. */
export function insertPreheader(html: string, preview: string): string {
  if (preview === "") return html;
  const hidden =
    "display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px";
  // Invisible characters after the line prevent inboxes from appending the first words of the email.
  const line = `<div style="${hidden}">${escapeHtml(preview)}${"&#847;&zwnj;&nbsp;".repeat(40)}</div>`;
  const at = findStartTag(html, /<body[\s>]/i)?.end ?? 0;
  return `${html.slice(0, at)}${line}${html.slice(at)}`;
}

/** Removes the no-track attributes of links, which must not be sent (T-232). */
export function removeTrackingMarks(html: string): string {
  // Not one pattern, because it would search each run of spaces in a tag from each of its spaces.
  return html.replaceAll(/<a\b[^<>]*/gi, (tag) =>
    tag.replace(/(?<!\s)\s+data-knock-no-track(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?/i, ""),
  );
}

/** Converts MJML to HTML from which the text part can be generated: buttons become links and components become blocks. */
export function toHtmlForText(mjml: string): string {
  return mjml
    .replaceAll(/<(\/?)(?:mj-button|mj-navbar-link|mj-social-element)\b/gi, "<$1a")
    .replaceAll(/<(\/?)mj-(?:text|table|section|accordion-title|accordion-text)\b/gi, "<$1div")
    .replaceAll(/<\/a>/gi, "</a><br>");
}
