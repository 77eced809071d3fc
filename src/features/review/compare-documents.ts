import { countLines } from "../../comparison/diff-texts.js";
import { diffDocuments } from "../../domain/resource/diff-documents.js";
import { describeChanges } from "./describe-changes.js";
import type { DocumentSet, ReviewedDocument } from "./read-documents.js";
import type { WorkflowReview } from "./review-report-schema.js";
import type { ReviewSide } from "./sides.js";

/** A document that differs. `id` is that of the version after, or of a removed document. */
export interface DocumentComparison {
  id: string;
  state: "added" | "removed" | "renamed" | "changed";
  previousId: string | null;
  before: ReviewedDocument | null;
  after: ReviewedDocument | null;
  changes: WorkflowReview["changes"];
}

export type DocumentChange = DocumentComparison["changes"][number];

/** The share of equal lines from which a removed and an added workflow are one that was renamed. */
const MIN_SIMILARITY = 0.6;

/** Returns whether two documents have no difference to show. Line ends are ignored, because Git changes them on Windows. */
const isEqual = (a: ReviewedDocument, b: ReviewedDocument): boolean =>
  a.error === b.error &&
  (JSON.stringify(a.content) === JSON.stringify(b.content) || diffDocuments(a.content, b.content).length === 0);

function getSimilarity(a: ReviewedDocument, b: ReviewedDocument): number {
  const [before, after] = [a, b].map(({ content }) => `${JSON.stringify(content, null, 1)}\n`) as [string, string];
  const { equal, added, removed } = countLines(before, after);
  return equal / (equal + Math.max(added, removed));
}

/** Pairs removed workflows with added ones that are nearly equal. Returns the old IDs by the new ones. */
function findRenames(removed: readonly ReviewedDocument[], added: readonly ReviewedDocument[]): Map<string, string> {
  const pairs = added.flatMap((after) =>
    removed
      .filter((before) => before.content !== null && after.content !== null)
      .map((before) => ({ before, after, similarity: getSimilarity(before, after) })),
  );
  const renames = new Map<string, string>();
  const taken = new Set<string>();
  for (const { before, after, similarity } of pairs.sort((a, b) => b.similarity - a.similarity)) {
    if (similarity < MIN_SIMILARITY || taken.has(before.id) || renames.has(after.id)) continue;
    renames.set(after.id, before.id);
    taken.add(before.id);
  }
  return renames;
}

const isWorkflow = ({ id }: ReviewedDocument): boolean => id.startsWith("workflows/");

/** Compares the documents of both sides. Equal documents are left out. */
export async function compareDocuments(
  sides: { before: ReviewSide; after: ReviewSide },
  before: DocumentSet,
  after: DocumentSet,
): Promise<DocumentComparison[]> {
  const removed = [...before.values()].filter(({ id }) => !after.has(id));
  const added = [...after.values()].filter(({ id }) => !before.has(id));
  const renames = findRenames(removed.filter(isWorkflow), added.filter(isWorkflow));
  const oldIds = new Set(renames.values());
  const found: DocumentComparison[] = [];
  const add = async (old: ReviewedDocument | null, now: ReviewedDocument | null): Promise<void> => {
    const isRenamed = old !== null && now !== null && old.id !== now.id;
    if (old !== null && now !== null && !isRenamed && isEqual(old, now)) return;
    found.push({
      id: (now ?? old)?.id as string,
      state: old === null ? "added" : now === null ? "removed" : isRenamed ? "renamed" : "changed",
      previousId: isRenamed ? old.id : null,
      before: old,
      after: now,
      changes: await describeChanges(sides, old, now),
    });
  };
  for (const document of after.values())
    await add(before.get(document.id) ?? before.get(renames.get(document.id) ?? "") ?? null, document);
  for (const document of removed) if (!oldIds.has(document.id)) await add(document, null);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}
