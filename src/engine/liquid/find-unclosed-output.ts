import { blankText, replaceUnreadBlocks } from "./replace-unread-blocks.js";

/** An output up to its end, or to the next beginning, its quoted texts skipped. */
const OUTPUT = /\{\{(?:"[^"]*"|'[^']*'|(?!\}\}|\{\{|\{%)[\s\S])*(\}\}|\{\{|\{%)?/g;

/**
 * Where an output begins that another output or tag begins within: the `}}` between is missing. Liquid would take all up to
 * the next one for the output's own, and pass over what it does not understand of it.
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
