import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { isJsonObject } from "../../util/json.js";
import { parseJsonLine } from "./parse-json-line.js";

const FIRST_WINDOW_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Returns whether the journal has the result that a line of the file contains. */
type IsRecorded = (line: number, isError: boolean) => boolean;

function isUnrecorded(text: string, isRecorded: IsRecorded): boolean {
  const document = parseJsonLine(text);
  // An incomplete line is that of a crash or a full disk. Other lines are not results, and stay.
  if (document === undefined) return true;
  return isJsonObject(document) && typeof document.line === "number" && !isRecorded(document.line, "error" in document);
}

/**
 * Removes the results at the end of a file that the journal does not record, because their lines are triggered again. Results are
 * written before their record, and a crash or a full disk can come between. Returns the number of removed results.
 */
export function dropUnrecordedResults(path: string, isRecorded: IsRecorded): number {
  const descriptor = openSync(path, "r+");
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return 0;
    let end = stats.size;
    let count = 0;
    for (let window = FIRST_WINDOW_BYTES, isFound = false; end > 0 && !isFound; window *= 2) {
      const start = Math.max(0, end - window);
      const chunk = Buffer.alloc(end - start);
      readSync(descriptor, chunk, 0, chunk.length, start);
      while (end > start) {
        const length = end - start;
        // The last byte is the line break of the last line, unless that line is incomplete.
        const newline = length < 2 ? -1 : chunk.lastIndexOf(NEWLINE, length - 2);
        if (newline === -1 && start > 0) break; // The line begins before the chunk.
        isFound = !isUnrecorded(chunk.toString("utf8", newline + 1, length), isRecorded);
        if (isFound) break;
        end = start + newline + 1;
        count++;
      }
    }
    if (end < stats.size) ftruncateSync(descriptor, end);
    return count;
  } finally {
    closeSync(descriptor);
  }
}
