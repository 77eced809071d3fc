const BLOCK_START = /\{%-?\s*(raw|comment|doc)\s*-?%\}/g;
const BLOCK_ENDS: Record<string, RegExp> = {
  raw: /\{%-?\s*endraw\s*-?%\}/g,
  comment: /\{%-?\s*endcomment\s*-?%\}/g,
  doc: /\{%-?\s*enddoc\s*-?%\}/g,
};

/** A tag whose text Liquid does not parse. All parts are as written. */
interface UnreadBlock {
  tag: string;
  opening: string;
  text: string;
  closing: string;
}

/**
 * Replaces each closed `raw`, `comment` and `doc` block of a template. The time is proportional to the length, even if many
 * blocks begin and none ends.
 */
export function replaceUnreadBlocks(source: string, replace: (block: UnreadBlock) => string): string {
  if (!source.includes("{%")) return source;
  let result = "";
  let at = 0;
  const unclosedTags = new Set<string>();
  const begin = new RegExp(BLOCK_START);
  for (let found = begin.exec(source); found !== null; found = begin.exec(source)) {
    const [, tag = ""] = found;
    const pattern = BLOCK_ENDS[tag];
    if (pattern === undefined || unclosedTags.has(tag)) continue;
    const end = new RegExp(pattern);
    end.lastIndex = begin.lastIndex;
    const closed = end.exec(source);
    if (closed === null) {
      unclosedTags.add(tag);
      continue;
    }
    const text = source.slice(begin.lastIndex, closed.index);
    result += source.slice(at, found.index) + replace({ tag, opening: found[0], text, closing: closed[0] });
    at = closed.index + closed[0].length;
    begin.lastIndex = at;
  }
  return result + source.slice(at);
}

/** Returns the text with every character except line breaks replaced by a space. */
export function blankText(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
