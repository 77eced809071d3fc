/** Returns the value of a line of JSON; undefined for invalid JSON, such as a line that a crash has cut. */
export function parseJsonLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
