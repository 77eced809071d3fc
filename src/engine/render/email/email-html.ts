import { RenderError } from "../../liquid/render-error.js";

/** An e-mail's HTML or text may be this long: what mail servers take, with room for attachments. */
const MAX_PART_CHARACTERS = 10 * 1024 * 1024;

/** Throws {@link RenderError} for a part that no mail server would take. */
export function checkLength(part: string, fieldPath: string): void {
  if (part.length > MAX_PART_CHARACTERS) {
    const megabytes = (part.length / 1_048_576).toFixed(1);
    throw new RenderError(
      `${fieldPath} is ${megabytes} MB once rendered, more than the ${MAX_PART_CHARACTERS / 1_048_576} MB allowed`,
    );
  }
}

/** HTML at the top of the head; where there is no head, before all else. */
export function insertIntoHead(html: string, added: string): string {
  if (added === "") return html;
  const head = /<head(?:\s[^>]*)?>/i.exec(html);
  if (head !== null) {
    const at = head.index + head[0].length;
    return `${html.slice(0, at)}${added}${html.slice(at)}`;
  }
  const root = /<html(?:\s[^>]*)?>/i.exec(html);
  if (root === null) return `${added}${html}`;
  const at = root.index + root[0].length;
  return `${html.slice(0, at)}<head>${added}</head>${html.slice(at)}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The line that inboxes show beside the subject, invisible in the e-mail itself, which would else be its first words. */
export function insertPreheader(html: string, preview: string): string {
  if (preview === "") return html;
  const hidden =
    "display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px";
  // Blanks behind it keep inboxes from filling the line up with the e-mail's first words.
  const line = `<div style="${hidden}">${escapeHtml(preview)}${"&#847;&zwnj;&nbsp;".repeat(40)}</div>`;
  const body = /<body(?:\s[^>]*)?>/i.exec(html);
  const at = body === null ? 0 : body.index + body[0].length;
  return `${html.slice(0, at)}${line}${html.slice(at)}`;
}

/** Marks of links that tracking would leave alone: senders take them out (T-232). */
export function removeTrackingMarks(html: string): string {
  return html.replaceAll(/(<a\b[^<>]*?)\s+data-knock-no-track(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?/gi, "$1");
}

/** MJML as the text part's maker reads it: buttons are links, components are blocks. */
export function toHtmlForText(mjml: string): string {
  return mjml
    .replaceAll(/<(\/?)(?:mj-button|mj-navbar-link|mj-social-element)\b/gi, "<$1a")
    .replaceAll(/<(\/?)mj-(?:text|table|section|accordion-title|accordion-text)\b/gi, "<$1div")
    .replaceAll(/<\/a>/gi, "</a><br>");
}
