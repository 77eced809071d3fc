import { load } from "cheerio";
import type { FindingCode } from "../domain/validation/finding-codes.js";

/** A rendered email. */
interface RenderedEmail {
  html: string;
  /** The text that an inbox shows after the subject; empty if the template has none. */
  previewText: string;
  headers: readonly string[];
  isCommercial: boolean;
  /** Whether the project has the whole document, and not only a part of the built-in layout. */
  isOwnDocument: boolean;
  /** Text that may contain links of sample data, which are no placeholders. */
  sampleData: string;
  /** Whether the email was rendered with all of its data, so that an empty link is a mistake. */
  isDataComplete: boolean;
}

export interface EmailProblem {
  code: FindingCode;
  message: string;
}

/** Gmail shows this many bytes of an email's HTML, and a link to the rest. */
const MAX_UNCLIPPED_BYTES = 102 * 1024;
const MAX_LISTED_VALUES = 3;
/** Hosts that no real page has (RFC 2606), and those of a developer's own computer. */
const PLACEHOLDER_HOST =
  /^(?:(?:.+\.)?(?:example\.(?:com|net|org)|[^.]+\.(?:example|test)|localhost)|127(?:\.\d+){3}|\[::1\])$/i;
/** An address without its value, such as `mailto:`. */
const EMPTY_ADDRESS = /^(?:mailto|tel|sms):\s*(?:\?|$)/i;
const SCHEME = /^[a-z][a-z\d+.-]*:/i;
const PREHEADER = /preheader|display:\s*none/i;

/** Returns the first distinct values, and how many others there are. */
export function listValues(values: readonly string[]): string {
  const distinct = [...new Set(values)];
  const more = distinct.length > MAX_LISTED_VALUES ? ` and ${distinct.length - MAX_LISTED_VALUES} more` : "";
  return `${distinct.slice(0, MAX_LISTED_VALUES).join(", ")}${more}`;
}

/** Returns whether a text contains a host, not only addresses such as `ada@example.com`. */
function containsHost(text: string, hostname: string): boolean {
  for (let at = text.indexOf(hostname); at >= 0; at = text.indexOf(hostname, at + 1))
    if (text[at - 1] !== "@") return true;
  return false;
}

/**
 * Returns whether a link leads nowhere, or to a host that readers cannot reach and that the sample data does not contain. An
 * email has no address of its own, so a relative link leads nowhere. It can also be the rest of a link whose data is missing.
 */
function isPlaceholder(href: string, { sampleData, isDataComplete }: RenderedEmail): boolean {
  const target = href.trim();
  if (target === "#" || /^javascript:/i.test(target) || /^www\./i.test(target)) return true;
  if (EMPTY_ADDRESS.test(target)) return isDataComplete;
  if (target.startsWith("#")) return false;
  if (!SCHEME.test(target) && !target.startsWith("//")) return isDataComplete;
  if (!/^(?:https?:|\/\/)/i.test(target)) return false;
  const url = target.startsWith("//") ? `https:${target}` : target;
  if (!URL.canParse(url)) return isDataComplete;
  const { hostname } = new URL(url);
  return PLACEHOLDER_HOST.test(hostname) && !containsHost(sampleData, hostname);
}

/** Returns the problems of a rendered email that readers or email clients would have with it. */
export function checkEmail(email: RenderedEmail): EmailProblem[] {
  const { html, previewText, headers, isCommercial, isOwnDocument } = email;
  const problems: EmailProblem[] = [];
  const add = (code: FindingCode, message: string): void => void problems.push({ code, message });
  const page = load(html);
  const bytes = Buffer.byteLength(html);
  if (bytes > MAX_UNCLIPPED_BYTES)
    add("email_clipped", `is ${Math.ceil(bytes / 1024)} kB of HTML, and Gmail clips emails above 102 kB`);
  const images = page("img:not([alt])").toArray();
  if (images.length > 0) {
    const sources = images.map((image) => page(image).attr("src") ?? "an image without src");
    add(
      "email_missing_alt",
      `contains images without alt, which every client shows if images are off: ${listValues(sources)}`,
    );
  }
  if (isOwnDocument && page("title").text().trim() === "")
    add("email_missing_title", "has no <title>, which screen readers and the browser view of an email announce");
  if (previewText.trim() === "" && !PREHEADER.test(html))
    add("email_missing_preheader", "has no preview text, so inboxes show the start of the body after the subject");
  for (const [elements, attribute, noun] of [
    ["a[href], a:not([name]):not([id])", "href", "links"],
    ["img", "src", "images"],
  ] as const) {
    const targets = page(elements)
      .toArray()
      .map((element) => page(element).attr(attribute) ?? "")
      .filter((target) => isPlaceholder(target, email));
    if (targets.length > 0)
      add(
        "email_placeholder_link",
        `contains ${noun} that lead nowhere: ${listValues(targets.map((target) => JSON.stringify(target)))}`,
      );
  }
  if (isCommercial && !headers.some((name) => name.toLowerCase() === "list-unsubscribe"))
    add("email_missing_unsubscribe", "is commercial but has no List-Unsubscribe header, which Gmail and Yahoo require");
  return problems;
}
