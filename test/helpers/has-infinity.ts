/** Returns whether a parsed JSON value contains an infinite number, as `JSON.parse("[1e999]")` does. */
export function hasInfinity(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasInfinity);
}
