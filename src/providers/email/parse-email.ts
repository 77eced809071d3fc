import type { Message } from "../../domain/message/message.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { createBounceError, createPermanentError } from "../delivery-error.js";

export interface Address {
  address: string;
  name: string | null;
}

export interface Attachment {
  name: string;
  content_type: string | null;
  /** Base64. */
  content: string;
  content_id: string | null;
  disposition: string | null;
}

/** An e-mail as every provider needs it: addresses checked, nothing with a line break where it could start a header. */
export interface Email {
  from: Address;
  to: Address;
  cc: Address[];
  bcc: Address[];
  reply_to: Address[];
  subject: string;
  html: string | null;
  text: string | null;
  headers: Record<string, string>;
  attachments: Attachment[];
  /** Merged into the provider's request body (CH-080). */
  overrides: JsonObject;
}

/** Line breaks and other control characters: what follows one could be read as another header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, and the spaces around them.
const SPACES = /[\s\u0000-\u001f\u007f\u0085]+/g;
const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()\\,;:"]+$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function getText(content: JsonObject, name: string): string {
  const value = content[name];
  return typeof value === "string" ? value : "";
}

/**
 * Splits an address list at its commas, except inside quotes and angle brackets. The expression takes runs of characters:
 * one character at a time, a list of megabytes overflows V8's backtracking stack.
 */
function splitList(list: string): string[] {
  const entry = /(?:"[^"\\]*(?:\\.[^"\\]*)*"|<[^<>]*>|[^,"<]+|["<])+/g;
  return (list.match(entry) ?? []).map((part) => part.trim()).filter((part) => part);
}

/** `ada@x.test` or `Ada <ada@x.test>`; null where it is neither. */
function parseAddress(text: string): Address | null {
  if (CONTROL_CHARACTER.test(text)) return null;
  const [, name = "", bracketedAddress] = /^(.*)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const address = (bracketedAddress ?? text).trim();
  if (!ADDRESS.test(address)) return null;
  const displayName = name
    .trim()
    .replace(/^"((?:[^"\\]|\\.)*)"$/, "$1")
    .replace(/\\(.)/g, "$1");
  return { address, name: displayName === "" ? null : displayName };
}

function parseAddressList(content: JsonObject, name: string): Address[] {
  return splitList(getText(content, name)).map((part) => {
    const address = parseAddress(part);
    if (address === null) throw createPermanentError(`${name}: ${JSON.stringify(part)} is not an e-mail address`);
    return address;
  });
}

function parseAttachment(value: Json, index: number): Attachment {
  const attachment = isJsonObject(value) ? value : {};
  const name = getText(attachment, "name");
  const content = getText(attachment, "content");
  if (name === "" || CONTROL_CHARACTER.test(name))
    throw createPermanentError(`attachments[${index}] has no usable name`);
  return {
    name,
    content,
    content_type: getText(attachment, "content_type") || null,
    content_id: getText(attachment, "content_id") || null,
    disposition: getText(attachment, "disposition") || null,
  };
}

/** Values are text, whatever they were (CH-090). Throws `Undeliverable` for what would break out of its header. */
function parseHeaders(value: Json | undefined): Record<string, string> {
  const headers = Object.entries(isJsonObject(value) ? value : {}).map(([name, header]) => {
    const text = typeof header === "string" ? header : JSON.stringify(header);
    if (!HEADER_NAME.test(name) || CONTROL_CHARACTER.test(text))
      throw createPermanentError(`the header ${JSON.stringify(name)} is not valid`);
    return [name, text];
  });
  return Object.fromEntries(headers) as Record<string, string>;
}

/**
 * The one place that reads a rendered e-mail. Throws `Undeliverable`: a bad recipient address bounces (CH-044), any other
 * that is bad is refused.
 */
export function parseEmail({ content }: Message): Email {
  const to = parseAddress(getText(content, "to"));
  if (to === null) throw createBounceError(`${JSON.stringify(getText(content, "to"))} is not an e-mail address`);
  const from = parseAddress(getText(content, "from"));
  if (from === null)
    throw createPermanentError(
      getText(content, "from") === ""
        ? "the e-mail has no sender: set from_address in the channel's settings"
        : `from: ${JSON.stringify(getText(content, "from"))} is not an e-mail address`,
    );
  const subject = getText(content, "subject_line");
  const { attachments } = content;
  // The channel's and the step's as one, rendered (CH-080). Headers are no key of every provider's request: each has its place.
  const { headers, ...overrides } = isJsonObject(content.json_overrides) ? content.json_overrides : {};
  return {
    from,
    to,
    cc: parseAddressList(content, "cc"),
    bcc: parseAddressList(content, "bcc"),
    reply_to: parseAddressList(content, "reply_to"),
    // A template's line break is white space there, as it is where HTML is shown.
    subject: subject.replace(SPACES, (run) => (CONTROL_CHARACTER.test(run) ? " " : run)).trim(),
    html: getText(content, "html_body") || null,
    text: getText(content, "text_body") || null,
    headers: { ...parseHeaders(content.headers), ...parseHeaders(headers) },
    attachments: Array.isArray(attachments) ? attachments.map(parseAttachment) : [],
    overrides,
  };
}

/** `Ada <ada@x.test>`, the name quoted where it needs to be. */
export function formatAddress({ address, name }: Address): string {
  if (name === null) return address;
  const plain = /^[\p{L}\p{N} !#$%&'*+/=?^_`{|}~-]+$/u.test(name);
  return `${plain ? name : `"${name.replace(/["\\]/g, "\\$&")}"`} <${address}>`;
}
