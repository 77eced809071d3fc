/** The types of JSON Schema whose values can be literals, with the type and the name of the values. */
const TYPES = new Map<unknown, [type: string, name: string]>([
  ["string", ["string", "a text"]],
  ["integer", ["number", "a number"]],
  ["number", ["number", "a number"]],
  ["boolean", ["boolean", "a boolean"]],
]);

/** Returns why a value of a type of JSON Schema never equals a literal, or null. */
export function describeTypeMismatch(type: unknown, literal: string | number | boolean): string | null {
  const [expected, name] = TYPES.get(type) ?? [typeof literal, ""];
  return expected === typeof literal
    ? null
    : `is ${name}, but is compared with ${TYPES.get(typeof literal)?.[1]}: ${JSON.stringify(literal)}`;
}
