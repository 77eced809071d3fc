/**
 * Returns a word with a prefix that a text does not contain. It is random, because a text could contain all the words that
 * would be tried in an order.
 */
export function createUniqueWord(prefix: string, text: string): string {
  for (;;) {
    const word = `${prefix}${Math.floor(Math.random() * 2 ** 32).toString(36)}z`;
    if (!text.includes(word)) return word;
  }
}
