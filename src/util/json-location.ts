import type { Node } from "jsonc-parser";

/** Where something stands in a text, both counted from 1. */
interface TextPosition {
  line: number;
  column: number;
}

export function toTextPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** What stands under a key or an index; of a key written twice the last, which is what JSON.parse takes. */
function findChild(node: Node, part: string): Node | undefined {
  if (node.type === "array") return node.children?.[Number(part)];
  if (node.type !== "object") return undefined;
  return node.children?.findLast((property) => property.children?.[0]?.value === part)?.children?.[1];
}

/** The end of the way along a pointer's parts, as far as there is one. */
interface JsonLocation extends TextPosition {
  /** How many of the parts led there. */
  depth: number;
  /** What stands there, if it is a text. */
  text: string | null;
}

/**
 * The place of what a path leads to in valid JSON, or of what is nearest on the way to it. Each part may have several spellings, of
 * which the first that exists counts. Null for JSON too deep for the parser, which loads only here.
 */
export async function findJsonLocation(
  source: string,
  path: readonly (readonly string[])[],
): Promise<JsonLocation | null> {
  const { parseTree } = await import("jsonc-parser");
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  let node: Node | undefined;
  try {
    node = parseTree(text);
  } catch {
    return null;
  }
  if (node === undefined) return null;
  let depth = 0;
  for (const spellings of path) {
    let child: Node | undefined;
    for (const part of spellings) child ??= findChild(node, part);
    if (child === undefined) break;
    node = child;
    depth++;
  }
  return { ...toTextPosition(text, node.offset), depth, text: node.type === "string" ? String(node.value) : null };
}
