import { diffLines } from "diff";

/** A line of the difference between two texts. A gap stands for lines that are equal. */
export interface DiffLine {
  kind: "added" | "removed" | "same" | "gap";
  text: string;
}

/** The number of equal lines that are kept before and after a difference. */
const CONTEXT_LINES = 2;
/** Limits a line, because the body of an email may be a single line. */
const MAX_LINE_LENGTH = 500;
const MAX_UNSPLIT_LENGTH = 120;
/** Limits the search for the smallest difference of large texts, in milliseconds. */
const DIFF_TIMEOUT_MS = 1_000;

/** Puts each element of a long line of HTML on a line of its own, so that a small change is a small difference. */
function splitElements(text: string): string {
  return text
    .split("\n")
    .map((line) => (line.length > MAX_UNSPLIT_LENGTH ? line.replace(/>[ \t]*(?=<)/g, ">\n") : line))
    .join("\n");
}

const shorten = (line: string): string => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line);

/** Removes the equal lines that are not next to a difference. */
function collapse(lines: readonly DiffLine[]): DiffLine[] {
  const isKept = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1).some(({ kind }) => kind !== "same"),
  );
  return lines.flatMap((line, index): DiffLine[] => {
    if (isKept[index]) return [line];
    return isKept[index - 1] || index === 0 ? [{ kind: "gap", text: "…" }] : [];
  });
}

/** Returns the lines that differ between two texts, with a few equal lines around them. */
export function diffTexts(before: string | null, after: string | null): DiffLine[] {
  const [old, now] = [before, after].map((text) => (text === null ? "" : `${splitElements(text)}\n`)) as [
    string,
    string,
  ];
  const changes = diffLines(old, now, { timeout: DIFF_TIMEOUT_MS }) ?? [
    { value: old, added: false, removed: true },
    { value: now, added: true, removed: false },
  ];
  const lines = changes.flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((text): DiffLine => ({ kind: added ? "added" : removed ? "removed" : "same", text: shorten(text) })),
  );
  return collapse(lines);
}

/** Returns the numbers of lines that two texts have in common, and that only one of them has. */
export function countLines(before: string, after: string): { equal: number; added: number; removed: number } {
  const counts = { equal: 0, added: 0, removed: 0 };
  const changes = diffLines(before, after, { timeout: DIFF_TIMEOUT_MS }) ?? [];
  for (const { count = 0, added, removed } of changes) counts[added ? "added" : removed ? "removed" : "equal"] += count;
  return counts;
}
