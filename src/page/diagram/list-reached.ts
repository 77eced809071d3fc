import type { Marks, Outline, OutlineStep } from "../lib/outline.js";
import { END, getBranchEndId, getBranchId, START } from "./layout.js";

/** Returns the IDs of the boxes that were reached. */
export function listReached({ steps }: Outline, marks: Marks): ReadonlySet<string> {
  const reached = new Set([START]);
  let hasTerminated = false;
  const visit = (list: readonly OutlineStep[]): void => {
    for (const { ref, branches } of list) {
      const mark = marks.steps.get(ref);
      if (mark === undefined) continue;
      reached.add(ref);
      for (const index of mark.branches) {
        reached.add(getBranchId(ref, index));
        visit(branches[index]?.steps ?? []);
        if (!branches[index]?.terminates || !marks.hasEnded) continue;
        hasTerminated = true;
        reached.add(getBranchEndId(ref, index));
      }
    }
  };
  visit(steps);
  if (marks.hasEnded && !hasTerminated) reached.add(END);
  return reached;
}
