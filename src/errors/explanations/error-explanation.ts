/** The meaning of an error code, its typical causes and the ways to fix it. Backquotes mark code. */
export interface ErrorExplanation {
  /** One sentence that says what is wrong. */
  meaning: string;
  /** Typical causes, as sentences. */
  causes: readonly string[];
  /** Instructions, as imperative sentences. */
  fix: readonly string[];
}
