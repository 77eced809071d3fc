import { filterObjects, type JsonObject } from "../../util/json.js";

/** Yields each checked block with its path. The blocks in a row follow their row. */
export function* walkBlocks(
  blocks: readonly JsonObject[],
  path: PropertyKey[] = [],
): Generator<{ block: JsonObject; path: PropertyKey[] }> {
  for (const [index, block] of blocks.entries()) {
    yield { block, path: [...path, index] };
    const columns = block.type === "row" ? filterObjects(block.columns) : [];
    for (const [c, column] of columns.entries())
      yield* walkBlocks(filterObjects(column.blocks), [...path, index, "columns", c, "blocks"]);
  }
}
