import type { Complain } from "../shape/complain.js";
import type { Shape } from "../shape/shape.js";

/** The value, where it has the shape; null after a complaint. */
export function checked<T>(shape: Shape<T>, value: unknown, path: PropertyKey[], complain: Complain): T | null {
  return shape(value, path, complain) ? value : null;
}
