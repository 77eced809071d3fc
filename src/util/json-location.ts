import type { Node } from "jsonc-parser";
import { type TextPosition, TextPositions } from "./text-positions.js";

function toOffset(text: string, { line, column }: TextPosition): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((offset, { length }) => offset + length + 1, column - 1);
}

/** A key in a text. */
export interface KeyToken {
  key: string;
  /** The start and end of the key, with its quotes. */
  start: number;
  end: number;
  /** The other keys of the object. */
  siblings: string[];
}

/** Returns the key of the value at a position of valid JSON without a byte order mark; null without a value there. */
export async function findJsonKey(text: string, position: TextPosition): Promise<KeyToken | null> {
  const { findNodeAtOffset, parseTree } = await import("jsonc-parser");
  const offset = toOffset(text, position);
  const root = parseTree(text);
  let node = root === undefined ? undefined : findNodeAtOffset(root, offset);
  while (node !== undefined && node.parent?.type !== "property") node = node.parent;
  const property = node?.parent;
  const key = property?.children?.[0];
  if (node?.offset !== offset || key === undefined || key === node) return null;
  const siblings = (property?.parent?.children ?? []).filter((other) => other !== property);
  return {
    key: String(key.value),
    start: key.offset,
    end: key.offset + key.length,
    siblings: siblings.map(({ children }) => String(children?.[0]?.value)),
  };
}

/** The position of the value that a path leads to, or of the last one on the path that exists. */
interface JsonLocation extends TextPosition {
  /** Number of parts of the path that exist. */
  depth: number;
  /** The value, if it is a string; null otherwise. */
  text: string | null;
}

/** Finds the positions of values in one JSON text, which is parsed once, because a document can have many findings. */
export class JsonLocator {
  private readonly positions: TextPositions;
  private readonly properties = new WeakMap<Node, Map<string, Node>>();

  private constructor(
    text: string,
    private readonly root: Node,
  ) {
    this.positions = new TextPositions(text);
  }

  /** Returns null for JSON that is too deep for the parser, which is loaded only here. */
  static async open(source: string): Promise<JsonLocator | null> {
    const { parseTree } = await import("jsonc-parser");
    const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
    try {
      const root = parseTree(text);
      return root === undefined ? null : new JsonLocator(text, root);
    } catch {
      return null;
    }
  }

  /** Returns the value for a key or an index. For a repeated key it is the last one, as with JSON.parse. */
  private findChild(node: Node, part: string): Node | undefined {
    if (node.type === "array") return node.children?.[Number(part)];
    if (node.type !== "object") return undefined;
    let properties = this.properties.get(node);
    if (properties === undefined) {
      const entries = (node.children ?? []).flatMap(({ children: [key, value] = [] }): [string, Node][] =>
        key === undefined || value === undefined ? [] : [[String(key.value), value]],
      );
      properties = new Map(entries);
      this.properties.set(node, properties);
    }
    return properties.get(part);
  }

  /**
   * Returns the position of the value that a path leads to, or of the last one on the path that exists. Each part may have
   * several spellings, of which the first that exists is used.
   */
  find(path: readonly (readonly string[])[]): JsonLocation {
    let node = this.root;
    let depth = 0;
    for (const spellings of path) {
      let child: Node | undefined;
      for (const part of spellings) child ??= this.findChild(node, part);
      if (child === undefined) break;
      node = child;
      depth++;
    }
    return { ...this.positions.find(node.offset), depth, text: node.type === "string" ? String(node.value) : null };
  }
}

/** Returns the number of keys in a value. The search is not recursive, because values can be nested to any depth. */
function countKeys(root: unknown): number {
  const pending = [root];
  let count = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== "object" || value === null) continue;
    const values = Object.values(value);
    if (!Array.isArray(value)) count += values.length;
    for (const item of values) pending.push(item);
  }
  return count;
}

/** Returns the keys that an object of a JSON text repeats, with the positions of the repetitions. None for invalid JSON. */
export async function findRepeatedKeys(source: string): Promise<(TextPosition & { key: string })[]> {
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  try {
    // Most files are finished here, without the slow parser. A key ends with a quote and a colon, which texts can also contain.
    if (text.match(/"\s*:/g)?.length === countKeys(JSON.parse(text))) return [];
  } catch {
    return [];
  }
  const { visit } = await import("jsonc-parser");
  const positions = new TextPositions(text);
  const found: (TextPosition & { key: string })[] = [];
  const objects: Set<string>[] = [];
  try {
    visit(text, {
      onObjectBegin: () => void objects.push(new Set()),
      onObjectProperty(key, offset) {
        const keys = objects.at(-1);
        if (keys?.has(key)) found.push({ key, ...positions.find(offset) });
        keys?.add(key);
      },
      onObjectEnd: () => void objects.pop(),
    });
  } catch {
    return []; // It is nested too deeply for a recursive parser.
  }
  return found;
}
