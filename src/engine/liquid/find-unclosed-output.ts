import { blankText, replaceUnreadBlocks } from "./replace-unread-blocks.js";

/** Matches an output up to its end, or up to the start of the next output or tag. Quoted text is skipped. */
const OUTPUT = /\{\{(?:"[^"]*"|'[^']*'|(?!\}\}|\{\{|\{%)[\s\S])*(\}\}|\{\{|\{%)?/g;

/**
 * Returns the position of the first output whose `}}` is missing before another output or tag begins, or null. Liquid would
 * read everything up to the next `}}` as one output and ignore the part that it cannot parse.
 */
export function findUnclosedOutput(source: string): { line: number; column: number } | null {
  const readableSource = replaceUnreadBlocks(source, ({ opening, text, closing }) =>
    blankText(opening + text + closing),
  );
  for (const { index, 1: end } of readableSource.matchAll(OUTPUT)) {
    if (end !== "{{" && end !== "{%") continue;
    const before = readableSource.slice(0, index).split("\n");
    return { line: before.length, column: (before.at(-1) as string).length + 1 };
  }
  return null;
}
