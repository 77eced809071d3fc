/** The part of a stream that output uses. */
export interface OutputStream {
  write(text: string): unknown;
  /** Resolves once the text is written; signals are handled meanwhile, also while the reader is slow. */
  writeAsync?(text: string): Promise<void>;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}
