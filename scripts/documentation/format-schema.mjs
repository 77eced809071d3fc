/** The keywords whose entries each have a line. */
const LISTS = ["$defs", "definitions", "properties", "patternProperties"];

const formatEntries = (object, format) =>
  Object.entries(object)
    .map(([key, value]) => `${JSON.stringify(key)}: ${format(key, value)}`)
    .join(",\n");

/**
 * Returns the text of a JSON Schema: a line for each definition and property at its top, so that a change shows where it
 * is. The schemas are in the package, and full indentation would add 0.4 MB to it.
 */
export function formatSchema(schema) {
  const format = (key, value) =>
    LISTS.includes(key)
      ? `{\n${formatEntries(value, (_key, entry) => JSON.stringify(entry))}\n}`
      : JSON.stringify(value);
  return `{\n${formatEntries(schema, format)}\n}\n`;
}
