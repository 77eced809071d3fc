/** A part of a comment that can be cut. */
export interface Entry {
  /** The importance: 0 is cut last. */
  rank: number;
  /** The name of such parts, for the note about what was cut. */
  noun: string;
  lines: string[];
}

/** A folded section of a comment. */
export interface Section {
  /** The title in HTML. */
  summary: string;
  entries: Entry[];
}

const formatSection = (summary: string, entries: readonly Entry[]): string =>
  [
    "<details>",
    `<summary>${summary}</summary>`,
    "",
    ...entries.flatMap(({ lines }) => lines),
    "",
    "</details>",
    "",
    "",
  ].join("\n");

/** Returns the entries that fit. An entry that does not fit ends the search, so that nothing less important is kept. */
function selectEntries(sections: readonly Section[], room: number): Set<Entry> {
  const ranked = sections
    .flatMap(({ summary, entries }) => entries.map((entry) => ({ entry, summary, first: entries[0] })))
    .sort((a, b) => a.entry.rank - b.entry.rank);
  const selected = new Set<Entry>();
  const opened = new Set<Entry | undefined>();
  let used = 0;
  for (const { entry, summary, first } of ranked) {
    const frame = opened.has(first) ? 0 : formatSection(summary, []).length;
    used += frame + entry.lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (used > room) break;
    opened.add(first);
    selected.add(entry);
  }
  return selected;
}

/** Returns what was cut: `further examples (12), other files (3)`. */
function formatCut(entries: readonly Entry[]): string {
  const counts = new Map<string, number>();
  for (const { noun } of entries) counts.set(noun, (counts.get(noun) ?? 0) + 1);
  return [...counts].map(([noun, count]) => `${noun} (${count})`).join(", ");
}

/** Returns the sections within a length, and what was cut; "" if all of them fit. The least important parts are cut first. */
export function fitSections(sections: readonly Section[], room: number): { text: string; cut: string } {
  const selected = selectEntries(sections, room);
  const text = sections
    .map(({ summary, entries }) => ({ summary, entries: entries.filter((entry) => selected.has(entry)) }))
    .filter(({ entries }) => entries.length > 0)
    .map(({ summary, entries }) => formatSection(summary, entries))
    .join("");
  const omitted = sections.flatMap(({ entries }) => entries.filter((entry) => !selected.has(entry)));
  return { text, cut: formatCut(omitted) };
}
