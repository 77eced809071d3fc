import type { Node } from "jsonc-parser";

/** A position in a text. Both numbers are counted from 1. */
interface TextPosition {
  line: number;
  column: number;
}

export function toTextPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** Returns the value for a key or an index. For a repeated key it is the last one, as with JSON.parse. */
function findChild(node: Node, part: string): Node | undefined {
  if (node.type === "array") return node.children?.[Number(part)];
  if (node.type !== "object") return undefined;
  return node.children?.findLast((property) => property.children?.[0]?.value === part)?.children?.[1];
}

/** The position of the value that a path leads to, or of the last one on the path that exists. */
interface JsonLocation extends TextPosition {
  /** Number of parts of the path that exist. */
  depth: number;
  /** The value, if it is a string; null otherwise. */
  text: string | null;
}

/**
 * Returns the position of the value that a path leads to in valid JSON, or of the last one on the path that exists. Each part
 * may have several spellings, of which the first that exists is used. Null for JSON that is too deep for the parser, which is
 * loaded only here.
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
