/** Words of which the API has the British spelling. Text output and people also use the American one. */
const API_SPELLINGS: Readonly<Record<string, string>> = {
  canceled: "cancelled",
  not_cancelable: "not_cancellable",
};

/** Returns the API's spelling of a word that a person typed, such as `cancelled` for `canceled`. */
export function toApiSpelling(word: string): string {
  return Object.hasOwn(API_SPELLINGS, word) ? (API_SPELLINGS[word] as string) : word;
}
