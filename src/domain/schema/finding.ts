/** A finding of a check: its path below the document, and a sentence without the location. */
export interface Finding {
  path: PropertyKey[];
  message: string;
  /** The only possible correction of an unknown key. */
  suggestedKey?: string | undefined;
}
