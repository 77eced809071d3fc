import type { ToolCall } from "../tool.js";

/** Returns the time of the local clock in milliseconds since 1970. */
export async function readClockTime(runJson: ToolCall["runJson"]): Promise<number> {
  const { document } = await runJson({ words: ["clock", "show"] });
  return Date.parse(String(document.now));
}
