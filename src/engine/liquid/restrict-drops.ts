import { Context, Drop } from "liquidjs";

/** The properties of `forloop` and `tablerowloop`. The other objects of liquidjs, such as `blank`, have none. */
const LOOP_PROPERTIES: ReadonlySet<unknown> = new Set([
  ...["index", "index0", "rindex", "rindex0", "first", "last", "length", "name", "parentloop"],
  ...["row", "col", "col0", "col_first", "col_last"],
]);

/**
 * Limits what templates read of the objects of liquidjs, whose inherited members it also reads, such as `constructor` and
 * `hasOwnProperty`, and calls if they are functions.
 */
export function restrictDrops(): void {
  const { readProperty } = Context.prototype;
  Context.prototype.readProperty = function (value, key) {
    if (value instanceof Drop && !LOOP_PROPERTIES.has(key)) return undefined;
    return readProperty.call(this, value, key);
  };
}
