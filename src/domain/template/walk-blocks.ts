import type { JsonObject } from "../../util/json.js";

/** Every block of checked ones with its path below theirs, those in rows after their row. */
export function* walkBlocks(
  blocks: readonly JsonObject[],
  path: PropertyKey[] = [],
): Generator<{ block: JsonObject; path: PropertyKey[] }> {
  for (const [index, block] of blocks.entries()) {
    yield { block, path: [...path, index] };
    const columns = block.type === "row" && Array.isArray(block.columns) ? (block.columns as JsonObject[]) : [];
    for (const [c, column] of columns.entries())
      yield* walkBlocks(column.blocks as JsonObject[], [...path, index, "columns", c, "blocks"]);
  }
}
