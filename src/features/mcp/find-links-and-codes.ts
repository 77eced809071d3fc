import type { JsonObject } from "../../util/json.js";
import { isJsonObject } from "../../util/json.js";

/** Limits what is returned, because a message can contain thousands of links. */
const MAX_FOUND = 20;

/** Matches a link without the punctuation after it. */
const LINK = /https?:\/\/[^\s"'<>()[\]{}\\]*[^\s"'<>()[\]{}\\.,;:!?]/g;

/** Matches words before a code, such as "Your code is 482 913" or "PIN: A7K2Q9". A code of letters is in capitals. */
const CODE_AFTER_WORD =
  /\b(?:[Cc]ode|CODE|[Pp]in|PIN|OTP|[Pp]ass(?:word|code)|[Tt]oken)\b[^\dA-Z\n]{0,30}?\b(\d{3}[ -]\d{3}|\d{4,8}|(?=[A-Z\d]*\d)[A-Z\d]{5,10})\b/g;
/** Matches a code before its word, such as "482913 is your verification code". */
const CODE_BEFORE_WORD = /\b(\d{3}[ -]\d{3}|\d{4,8})\b(?= is (?:your|the)\b)/g;

/** Returns all texts of a document, HTML last, so that the plain text decides about the order. */
function listTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(listTexts);
  if (!isJsonObject(value)) return [];
  const entries = Object.entries(value).sort(([a], [b]) => Number(a === "html_body") - Number(b === "html_body"));
  return entries.flatMap(([name, text]) => (name === "__typename" ? [] : listTexts(text)));
}

const stripTags = (text: string): string => text.replace(/<[^<>]*>/g, " ").replaceAll("&amp;", "&");

const toUnique = (texts: Iterable<string>): string[] => [...new Set(texts)].slice(0, MAX_FOUND);

/** Returns the links and the likely one-time codes of a message's content, in the order in which they occur. */
export function findLinksAndCodes(content: JsonObject): { links: string[]; codes: string[] } {
  const texts = listTexts(content);
  const links = texts.flatMap((text) => [...text.replaceAll("&amp;", "&").matchAll(LINK)].map(([link]) => link));
  const codes = texts
    .map((text) => stripTags(text).replace(LINK, " "))
    .flatMap((text) => [...text.matchAll(CODE_AFTER_WORD), ...text.matchAll(CODE_BEFORE_WORD)])
    .map(([, code = ""]) => code);
  return { links: toUnique(links), codes: toUnique(codes) };
}
