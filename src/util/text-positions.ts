/** A position in a text. Both numbers are counted from 1. */
export interface TextPosition {
  line: number;
  column: number;
}

/** Returns the position of one offset. Use {@link TextPositions} for several offsets of a text. */
export function toTextPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** Finds the positions of offsets in one text. The starts of its lines are collected once, because a text can have many findings. */
export class TextPositions {
  private readonly starts = [0];

  constructor(text: string) {
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) this.starts.push(end + 1);
  }

  find(offset: number): TextPosition {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.starts[low] as number) + 1 };
  }
}
