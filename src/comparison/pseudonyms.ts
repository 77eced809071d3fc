import { createHmac } from "node:crypto";

/** The kind of a personal value, which decides the form of its pseudonym. */
export type ValueKind = "id" | "name" | "email_address" | "phone" | "url" | "token";

const CONSONANTS = "bdfgklmnprstvz";
const VOWELS = "aeiou";
/** Limits the search for a pseudonym that does not contain the value, which is impossible for a value such as "e". */
const MAX_ATTEMPTS = 8;

/** Returns a word that looks like a name. */
function buildName(bytes: Buffer): string {
  const letters = [...bytes.subarray(0, 8)].map((byte, index) => {
    const alphabet = index % 2 === 0 ? CONSONANTS : VOWELS;
    return alphabet[byte % alphabet.length];
  });
  return `${letters[0]?.toUpperCase()}${letters.slice(1).join("")}`;
}

const BUILDERS: Record<ValueKind, (bytes: Buffer) => string> = {
  id: (bytes) => `user-${bytes.toString("hex", 0, 5)}`,
  name: buildName,
  email_address: (bytes) => `user-${bytes.toString("hex", 0, 5)}@example.com`,
  phone: (bytes) => `+1555${String(bytes.readUInt32BE(0) % 10_000_000).padStart(7, "0")}`,
  url: (bytes) => `https://example.com/${bytes.toString("hex", 0, 8)}`,
  token: (bytes) => `token-${bytes.toString("hex", 0, 8)}`,
};

/** Returns the pseudonym of a value. It is the same for each spelling, and cannot be computed without the key. */
export function buildPseudonym(kind: ValueKind, value: string, key: Uint8Array): string {
  const folded = value.toLowerCase();
  for (let attempt = 0; ; attempt++) {
    const bytes = createHmac("sha256", key).update(`${attempt} ${kind} ${folded}`).digest();
    const pseudonym = BUILDERS[kind](bytes);
    if (attempt === MAX_ATTEMPTS || !pseudonym.toLowerCase().includes(folded)) return pseudonym;
  }
}
