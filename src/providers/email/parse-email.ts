import type { Message } from "../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../domain/recipient/recipient.js";
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

/** An email with valid addresses and without line breaks that could start another header. */
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

/** Matches line breaks and other control characters, after which a text could be read as another header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters and spaces are searched for.
const SPACES = /[\s\u0000-\u001f\u007f\u0085]+/g;
const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()\\,;:"]+$/;
/** The maximum length of a header line (RFC 5322, 2.1.1). It also limits the time to match an address. */
const MAX_ADDRESS_LENGTH = 998;
/** Longer values are shortened in errors. */
const MAX_SHOWN_LENGTH = 100;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function getText(content: JsonObject, name: string): string {
  const value = content[name];
  return typeof value === "string" ? value : "";
}

/** Returns the position of the quote that closes the one at `start`, or -1. A backslash escapes the next character. */
function findClosingQuote(list: string, start: number): number {
  for (let position = start + 1; position < list.length; position++) {
    if (list[position] === "\\") position++;
    else if (list[position] === '"') return position;
  }
  return -1;
}

/** Returns the position of the bracket that closes the one at `start`, or -1 if another one opens first. */
function findClosingBracket(list: string, start: number): number {
  for (let position = start + 1; position < list.length; position++) {
    if (list[position] === ">") return position;
    if (list[position] === "<") return -1;
  }
  return -1;
}

/**
 * Splits an address list at its commas, except inside quotes and angle brackets. It is a loop because a regular expression
 * overflows V8's backtracking stack for a list of megabytes.
 */
function splitList(list: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let hasClosingQuote = true;
  for (let position = 0; position < list.length; position++) {
    const character = list[position];
    if (character === ",") {
      parts.push(list.slice(start, position));
      start = position + 1;
    } else if (character === '"' && hasClosingQuote) {
      const end = findClosingQuote(list, position);
      // After a quote that is not closed, no later one is: searching again would take quadratic time.
      if (end === -1) hasClosingQuote = false;
      else position = end;
    } else if (character === "<") {
      const end = findClosingBracket(list, position);
      if (end !== -1) position = end;
    }
  }
  return [...parts, list.slice(start)].map((part) => part.trim()).filter((part) => part);
}

/** `ada@x.test` or `Ada <ada@x.test>`; null where it is neither. */
export function parseAddress(text: string): Address | null {
  if (text.length > MAX_ADDRESS_LENGTH || CONTROL_CHARACTER.test(text)) return null;
  const [, name = "", bracketedAddress] = /^(.*)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const address = (bracketedAddress ?? text).trim();
  if (!ADDRESS.test(address)) return null;
  const displayName = name
    .trim()
    .replace(/^"((?:[^"\\]|\\.)*)"$/, "$1")
    .replace(/\\(.)/g, "$1");
  return { address, name: displayName === "" ? null : displayName };
}

/** Returns a value as errors show it. */
function quoteValue(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text);
}

/** Parses an address list. `name` is its field in errors. Throws `DeliveryError` for a part that is not an address. */
export function parseAddressList(list: string, name: string): Address[] {
  return splitList(list).map((part) => {
    const address = parseAddress(part);
    if (address === null) throw createPermanentError(`${name}: ${quoteValue(part)} is not an email address`);
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

/** Converts header values to text (CH-090). Throws `DeliveryError` for a name or value that could start another header. */
function parseHeaders(value: Json | undefined): Record<string, string> {
  const headers = Object.entries(isJsonObject(value) ? value : {}).map(([name, header]): [string, string] => {
    const text = typeof header === "string" ? header : JSON.stringify(header);
    if (!HEADER_NAME.test(name) || CONTROL_CHARACTER.test(text))
      throw createPermanentError(`the header ${JSON.stringify(name)} is not valid`);
    return [name, text];
  });
  return Object.fromEntries(headers);
}

/**
 * Parses a rendered email for all providers. Throws `DeliveryError`: an invalid recipient address bounces (CH-044), any
 * other invalid value is a permanent error.
 */
export function parseEmail({ content }: Message): Email {
  const to = parseAddress(getText(content, "to"));
  if (to === null) throw createBounceError(`${quoteValue(getText(content, "to"))} is not an email address`);
  const from = parseAddress(getText(content, "from"));
  if (from === null)
    throw createPermanentError(
      getText(content, "from") === ""
        ? "the email has no sender: set from_address in the channel's settings"
        : `from: ${quoteValue(getText(content, "from"))} is not an email address`,
    );
  const subject = getText(content, "subject_line");
  const { attachments } = content;
  // The overrides of the channel and the step, merged and rendered (CH-080). Each provider sends headers in its own field.
  const { headers, ...overrides } = isJsonObject(content.json_overrides) ? content.json_overrides : {};
  return {
    from,
    to,
    cc: parseAddressList(getText(content, "cc"), "cc"),
    bcc: parseAddressList(getText(content, "bcc"), "bcc"),
    reply_to: parseAddressList(getText(content, "reply_to"), "reply_to"),
    // A line break in a template's subject is white space, as in HTML.
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

/** Returns an address as most vendors have it: `{ email, name }`. */
export function toPerson({ address, name }: Address): JsonObject {
  return { email: address, ...(name === null ? {} : { name }) };
}

/** Returns the metadata with which vendors report about a message (CH-082). */
export function buildMetadata({ id, recipient }: Message): JsonObject {
  return {
    sender: "knock.app",
    knock_message_id: id,
    knock_recipient_id: formatRecipient(toRecipientReference(recipient)),
  };
}
