/** Separates words in texts and in JSON. Characters that can be part of an address, or that quote one, do not. */
const SEPARATOR = /[\s<>,;:{}[\]]+/;

/**
 * Returns the words of a text that contain an `@`, without quotes around them. A mail service could read each of them as an
 * address, and words such as `boss@` before a domain literal are returned as they are.
 */
export function listAddressWords(text: string): string[] {
  // Other forms of the character, and its escape in JSON that a header contains.
  const words = text.normalize("NFKC").replaceAll("\\u0040", "@").split(SEPARATOR);
  return words.flatMap((word) => (word.includes("@") ? [word.replace(/^"([^"]*)"$/, "$1")] : []));
}
