import type { RecipientReference } from "../domain/recipient/recipient.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { isSecretProperty, type PersonalValue } from "./personal-values.js";
import { buildPseudonym } from "./pseudonyms.js";

/** Removes personal data from everything that a report contains. */
export interface DataFilter {
  filterText(text: string): string;
  filterJson<T extends Json>(value: T): T;
  filterRecipient(recipient: RecipientReference): RecipientReference;
}

/** Leaves everything as it is. */
export const KEEP_DATA: DataFilter = {
  filterText: (text) => text,
  filterJson: (value) => value,
  filterRecipient: (recipient) => recipient,
};

/** The length from which values are replaced within words. Shorter values are part of many others. */
const MIN_PART_LENGTH = 5;
/** The length of the beginnings by which values are found. */
const PREFIX_LENGTH = 2;
/** Scripts that separate words. */
const SPACED_SCRIPTS = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}\p{P}]+$/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;
/**
 * Matches any email address, because trigger data may contain addresses of people who are not recipients. The part
 * before the @ has up to 64 characters.
 */
const ANY_EMAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;
/** Digits that can be a phone number, with what people, HTML and URLs write between them. */
const ANY_PHONE = /(?:\+|%2B|&#43;)?\(?\d(?:(?:[\s().\-/\u2010-\u2015]|&nbsp;|&#160;|%20){0,3}\d){6,14}/giu;
/** Secrets by their form: JSON web tokens, keys of known services, values after `Bearer`, and those of parameters in URLs. */
const ANY_SECRET = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /\b(?:[spr]k_(?:live|test)_|gh[opsu]_|github_pat_|xox[a-z]-|AKIA)[\w-]{10,}/g,
  /(?<=\bBearer\s)[\w.~+/-]{8,}=*/gi,
  /(?<=[?&;](?:[a-z]+_)?(?:token|secret|password|signature|sig|api_?key)=)[^\s&#"'<>]{5,}/gi,
];
const INTERNATIONAL = /^(?:\+|%2B|&#43;)/i;
/** The minimum number of digits of a phone number. Shorter numbers are part of many others. */
const MIN_PHONE_DIGITS = 7;

const HTML_ENTITIES: readonly Record<string, string>[] = [
  { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" },
  { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" },
  { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" },
  { "'": "’" },
];

/** Returns a value as it may be written in HTML, in URLs and in JSON. */
function listSpellings(text: string): string[] {
  const encoded = HTML_ENTITIES.map((entities) =>
    text.replace(/[&<>"']/g, (character) => entities[character] ?? character),
  );
  const toReference = (radix: number, prefix: string) =>
    text.replace(/[^ -~]/gu, (character) => `&#${prefix}${character.codePointAt(0)?.toString(radix)};`);
  const inUrl = encodeURIComponent(text.toWellFormed());
  const json = JSON.stringify(text).slice(1, -1);
  return [text, ...encoded, toReference(10, ""), toReference(16, "x"), inUrl, inUrl.replaceAll("%20", "+"), json];
}

/** Returns the digits of a phone number in any spelling. */
const readDigits = (text: string): string => text.replace(/^%2B|&#\d+;|%20|\D/gi, "");

/** Returns the part of a number with its first digits, as many as a count. */
function takeDigits(text: string, count: number): string {
  const plus = INTERNATIONAL.exec(text)?.[0] ?? "";
  let end = plus.length;
  for (let found = 0; end < text.length && found < count; ) {
    const separator = /^(?:&#160;|%20)/i.exec(text.slice(end))?.[0];
    if (separator === undefined && /\d/.test(text[end] as string)) found++;
    end += separator?.length ?? 1;
  }
  return text.slice(0, end);
}

/** Lowercases a text without changing the positions in it. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

interface Replacement {
  /** The value, folded. */
  folded: string;
  pseudonym: string;
}

/** Replaces personal values by pseudonyms. A value has the same pseudonym everywhere. */
export class PersonalDataFilter implements DataFilter {
  private readonly byPrefix = new Map<string, Replacement[]>();
  private readonly pseudonyms = new Map<string, string>();
  /** The digits of the known phone numbers, and those numbers by their last digits. */
  private readonly phones = new Set<string>();
  private readonly phonesByEnd = new Map<string, string[]>();

  constructor(
    values: readonly PersonalValue[],
    private readonly key: Uint8Array,
    /** Whether addresses and phone numbers that are not among the values are also replaced. Secrets always are. */
    private readonly findsContacts = true,
  ) {
    for (const value of values) this.add(value);
  }

  filterText = (text: string): string => {
    for (const pattern of ANY_SECRET)
      for (const [secret] of text.matchAll(pattern)) this.add({ kind: "token", text: secret });
    if (this.findsContacts) this.addContacts(text);
    const folded = fold(text);
    let result = "";
    let copied = 0;
    for (let at = 0; at < text.length; ) {
      const found = this.findAt(folded, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const end = at + found.folded.length;
      result += text.slice(copied, at) + adoptCase(found.pseudonym, text.slice(at, end));
      copied = at = end;
    }
    return result + text.slice(copied);
  };

  filterJson = <T extends Json>(value: T): T => this.filterValue(value) as T;

  /** Replaces the ID of a user. The ID of an object stays unless it contains a personal value. */
  filterRecipient = (recipient: RecipientReference): RecipientReference => {
    if (typeof recipient === "string") return this.pseudonyms.get(fold(recipient)) ?? this.filterText(recipient);
    return { id: this.filterText(recipient.id), collection: recipient.collection };
  };

  private addContacts(text: string): void {
    for (const [contact] of text.matchAll(ANY_EMAIL)) this.add({ kind: "email_address", text: contact });
    for (const [contact] of text.matchAll(ANY_PHONE)) this.addPhone(contact);
  }

  private filterValue(value: Json): Json {
    if (typeof value === "string") return this.filterText(value);
    if (typeof value === "number") return this.pseudonyms.get(String(value)) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.filterValue(item));
    if (!isJsonObject(value)) return value;
    for (const [name, child] of Object.entries(value))
      if (typeof child === "string" && child !== "" && isSecretProperty(name)) this.add({ kind: "token", text: child });
    const entries = Object.entries(value).map(([name, child]) => [this.filterText(name), this.filterValue(child)]);
    return Object.fromEntries(entries) as JsonObject;
  }

  /**
   * Adds a number as it is written in a text: an international one, which may be followed by other digits, or one that ends a
   * known number, because its country code is missing.
   */
  private addPhone(text: string): void {
    const digits = readDigits(text);
    if (INTERNATIONAL.test(text)) {
      if (digits.length <= MIN_PHONE_DIGITS) return;
      for (let count = digits.length; count >= MIN_PHONE_DIGITS; count--)
        if (this.phones.has(digits.slice(0, count))) return this.add({ kind: "phone", text: takeDigits(text, count) });
      return this.add({ kind: "phone", text });
    }
    const national = digits.replace(/^0+/, "");
    const known = this.phonesByEnd.get(national.slice(-MIN_PHONE_DIGITS))?.find((phone) => phone.endsWith(national));
    if (known !== undefined) this.add({ kind: "phone", text }, known);
  }

  private add({ kind, text }: PersonalValue, digits = readDigits(text)): void {
    if (this.pseudonyms.has(fold(text))) return;
    // Each spelling of a number has the same pseudonym.
    const pseudonym = buildPseudonym(kind, kind === "phone" ? digits : text, this.key);
    if (kind === "phone" && digits.length >= MIN_PHONE_DIGITS && !this.phones.has(digits)) {
      this.phones.add(digits);
      const end = digits.slice(-MIN_PHONE_DIGITS);
      this.phonesByEnd.set(end, [...(this.phonesByEnd.get(end) ?? []), digits]);
    }
    for (const spelling of new Set(listSpellings(text).map(fold))) {
      if (this.pseudonyms.has(spelling)) continue;
      this.pseudonyms.set(spelling, pseudonym);
      const prefix = spelling.slice(0, PREFIX_LENGTH);
      const known = this.byPrefix.get(prefix) ?? [];
      known.push({ folded: spelling, pseudonym });
      this.byPrefix.set(
        prefix,
        known.sort((a, b) => b.folded.length - a.folded.length),
      );
    }
  }

  /** Returns the longest value at a position. */
  private findAt(text: string, at: number): Replacement | undefined {
    const matches = ({ folded }: Replacement): boolean =>
      text.startsWith(folded, at) && (isReplacedInWords(folded) || isWholeWord(text, at, folded.length));
    return (
      this.byPrefix.get(text.slice(at, at + PREFIX_LENGTH))?.find(matches) ??
      this.byPrefix.get(text.slice(at, at + 1))?.find(matches)
    );
  }
}

function isReplacedInWords(value: string): boolean {
  return value.length >= MIN_PART_LENGTH || !SPACED_SCRIPTS.test(value);
}

/** Returns whether a value is a word of its own, or one with a genitive ending. */
function isWholeWord(text: string, at: number, length: number): boolean {
  const end = text[at + length] === "s" ? at + length + 1 : at + length;
  const isEnd = (index: number): boolean => !WORD_CHARACTER.test(text[index] ?? " ");
  return isEnd(at - 1) && (isEnd(at + length) || isEnd(end));
}

/** Writes a pseudonym as the value was written, so that a changed case stays visible. */
function adoptCase(pseudonym: string, original: string): string {
  if (original === original.toLowerCase()) return pseudonym.toLowerCase();
  return original === original.toUpperCase() ? pseudonym.toUpperCase() : pseudonym;
}
