import { USERS } from "./recipient.js";

/**
 * A part of a request that identifies someone: the ID of a recipient, or an address that the request sets. The value of
 * an object is `collection/id`. A token is any value in channel data.
 */
export interface RecipientIdentity {
  kind: "user" | "object" | "email" | "phone" | "token";
  value: string;
}

const MAX_PATTERN_LENGTH = 256;

/** A plain ASCII address. Display names, comments, lists and similar letters of other scripts are not matched. */
const PLAIN_EMAIL = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d-]+(?:\.[a-z\d-]+)*$/i;
const EMAIL_PATTERN = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d*-]+(?:\.[a-z\d*-]+)*$/i;
const PLAIN_PHONE_NUMBER = /^\+?\d+$/;

/**
 * Returns whether a text contains characters that a server may trim or ignore. The expression is created here, because its
 * Unicode class takes 0.1 ms, and few starts need it.
 */
const hasUnusualCharacter = (text: string): boolean => /[\s\p{C}]/u.test(text);

/** Returns whether an ID contains such a character, or the separator of path segments. */
const isUnusualId = (id: string): boolean => id.includes("/") || hasUnusualCharacter(id);

const FORMS = '"*@example.com", "user:qa-*", "object:projects/qa-*", "phone:+1555*" or "token:test-*"';

/** Splits a pattern into its kind and the text to match. A pattern without a kind is an email address. */
function splitPattern(pattern: string): RecipientIdentity | null {
  const [, kind, value = ""] = /^(user|object|phone|token):(.*)$/s.exec(pattern) ?? [];
  if (kind !== undefined) return { kind: kind as RecipientIdentity["kind"], value };
  return EMAIL_PATTERN.test(pattern) ? { kind: "email", value: pattern.toLowerCase() } : null;
}

/** Returns why a text is not a pattern of a recipient guard, or null. */
export function describeInvalidPattern(pattern: string): string | null {
  const parsed = splitPattern(pattern);
  if (parsed === null) return `must be a pattern such as ${FORMS}, found ${JSON.stringify(pattern)}`;
  const { kind, value } = parsed;
  if (pattern.length > MAX_PATTERN_LENGTH) return `must be at most ${MAX_PATTERN_LENGTH} characters`;
  if (value === "") return `must have a value after "${kind}:"`;
  if (kind === "user" && value.includes("/"))
    return 'must not contain "/" after "user:". For objects, use "object:<collection>/<id>"';
  if (kind === "object" && !/^[^/]+\/[^/]+$/.test(value))
    return `must have the form "object:<collection>/<id>", found ${JSON.stringify(pattern)}`;
  if (kind === "phone" && !/^\+?[\d*]+$/.test(value))
    return `must have only digits and * after "phone:", found ${JSON.stringify(pattern)}`;
  return null;
}

/** Returns why a text is not a plain email address, or null. */
export function describeInvalidAddress(text: string): string | null {
  return PLAIN_EMAIL.test(text) ? null : `must be an email address, found ${JSON.stringify(text)}`;
}

/** Returns whether a text matches a glob, in which only `*` is special. Takes time proportional to both lengths. */
function matchesGlob(glob: string, text: string): boolean {
  let [globAt, textAt, starAt, retryAt] = [0, 0, -1, 0];
  while (textAt < text.length) {
    if (glob[globAt] === "*") {
      starAt = globAt++;
      retryAt = textAt;
    } else if (glob[globAt] === text[textAt]) {
      globAt++;
      textAt++;
    } else if (starAt === -1) return false;
    else {
      // The last star takes one more character. Earlier stars need no other attempt.
      globAt = starAt + 1;
      textAt = ++retryAt;
    }
  }
  return /^\**$/.test(glob.slice(globAt));
}

/** Returns whether both parts around the only separator match and are not empty. A `*` never matches the separator. */
function matchesPair(glob: string, text: string, separator: string): boolean {
  const globParts = glob.split(separator);
  const textParts = text.split(separator);
  return (
    globParts.length === 2 &&
    textParts.length === 2 &&
    globParts.every((part, index) => Boolean(textParts[index]) && matchesGlob(part, textParts[index] ?? ""))
  );
}

/**
 * Decide whether a pattern matches a value of its kind. IDs and tokens are compared exactly, email addresses without regard
 * to case. A `*` matches any characters except the separators `@` and `/`, and in IDs also no white space or control
 * characters.
 */
const MATCHERS: Readonly<Record<RecipientIdentity["kind"], (glob: string, value: string) => boolean>> = {
  email: (glob, value) => PLAIN_EMAIL.test(value) && matchesPair(glob, value.toLowerCase(), "@"),
  phone: (glob, value) => PLAIN_PHONE_NUMBER.test(value) && matchesGlob(glob, value),
  token: (glob, value) => glob === value || (!hasUnusualCharacter(value) && matchesGlob(glob, value)),
  user: (glob, value) => glob === value || (!isUnusualId(value) && matchesGlob(glob, value)),
  object: (glob, value) => glob === value || (!isUnusualId(value.replace("/", "")) && matchesPair(glob, value, "/")),
};

/** Returns a function that returns whether at least one of the patterns matches an identity. */
export function createPatternMatcher(patterns: readonly string[]): (identity: RecipientIdentity) => boolean {
  const parsed = patterns.flatMap((pattern) => splitPattern(pattern) ?? []);
  return ({ kind, value }) => parsed.some((pattern) => pattern.kind === kind && MATCHERS[kind](pattern.value, value));
}

/** Returns the identity that a reference names. A tenant is an object of the service's own collection. */
export function toIdentity(id: string, collection: string | null): RecipientIdentity {
  return collection === null || collection === USERS
    ? { kind: "user", value: id }
    : { kind: "object", value: `${collection}/${id}` };
}

/** Returns the pattern that matches only this identity. */
export function toExactPattern({ kind, value }: RecipientIdentity): string {
  return `${{ email: "", user: "user:", object: "object:", phone: "phone:", token: "token:" }[kind]}${value}`;
}

/** Returns an identity as errors name it. */
export function describeIdentity({ kind, value }: RecipientIdentity): string {
  const name = { user: "user", object: "object", email: "email address", phone: "phone number", token: "channel data" };
  // Channel data may be a secret.
  return kind === "token" ? name.token : `${name[kind]} ${JSON.stringify(value)}`;
}
