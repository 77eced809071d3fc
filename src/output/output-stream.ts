/** The part of a stream that output uses. */
export interface OutputStream {
  write(text: string): unknown;
  /** Resolves after the text has been written. Signals are handled during the write, even if the reader is slow. */
  writeAsync?(text: string): Promise<void>;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}
