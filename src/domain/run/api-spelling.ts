/** Words that the API spells in British English. Text output and users also spell them in American English. */
const API_SPELLINGS = new Map([
  ["canceled", "cancelled"],
  ["not_cancelable", "not_cancellable"],
]);

/** Returns the API's spelling of a word that a person typed, such as `cancelled` for `canceled`. */
export function toApiSpelling(word: string): string {
  return API_SPELLINGS.get(word) ?? word;
}
