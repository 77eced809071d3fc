/** What a user needs to know about an error code. Backquotes mark code. */
export interface ErrorExplanation {
  /** One sentence that says what is wrong. */
  meaning: string;
  /** Typical causes, as sentences. */
  causes: readonly string[];
  /** Instructions, as imperative sentences. */
  fix: readonly string[];
}
