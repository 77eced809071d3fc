/** Returns whether a value is a text that contains a Liquid output or tag. */
export function hasLiquid(value: unknown): boolean {
  return typeof value === "string" && (value.includes("{{") || value.includes("{%"));
}
