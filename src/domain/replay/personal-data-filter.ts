import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { RecipientReference } from "../recipient/recipient.js";
import type { PersonalValue } from "./personal-values.js";
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

/** Shorter values are replaced only as whole words, because they are part of many others. */
const MIN_PART_LENGTH = 5;
/** The length of the beginnings by which values are found. */
const PREFIX_LENGTH = 2;
/** Scripts that separate words. */
const SPACED_SCRIPTS = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}\p{P}]+$/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;
/** Any address or international phone number, because trigger data may contain those of people who are not recipients. */
const ANY_CONTACT = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|\+\d{8,15}\b/gu;

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

  constructor(
    values: readonly PersonalValue[],
    private readonly key: Uint8Array,
  ) {
    for (const value of values) this.add(value);
  }

  filterText = (text: string): string => {
    for (const [contact] of text.matchAll(ANY_CONTACT))
      this.add({ kind: contact.includes("@") ? "email_address" : "phone", text: contact });
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

  private filterValue(value: Json): Json {
    if (typeof value === "string") return this.filterText(value);
    if (typeof value === "number") return this.pseudonyms.get(String(value)) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.filterValue(item));
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value).map(([name, child]) => [this.filterText(name), this.filterValue(child)]);
    return Object.fromEntries(entries) as JsonObject;
  }

  private add({ kind, text }: PersonalValue): void {
    if (this.pseudonyms.has(fold(text))) return;
    const pseudonym = buildPseudonym(kind, text, this.key);
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
