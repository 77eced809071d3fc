import type { JsonObject } from "../../util/json.js";
import { checkDocument } from "../schema/check-document.js";
import type { Complain } from "../shape/complain.js";
import { visualBlocksSchema } from "./visual-blocks-schema.js";

/** Reports the faults of a template's visual blocks (section 8 of the format, F-043). */
export function checkVisualBlocks(blocks: unknown, path: PropertyKey[], fault: Complain): void {
  checkDocument(visualBlocksSchema(), blocks, (at, message) => fault([...path, ...at], message));
}

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
