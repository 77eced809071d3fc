import type { OutlineStep, WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import type { RunProgress } from "../lib/outline.js";
import { END, getBranchEndId, getBranchId, START } from "./layout.js";

/** Returns the IDs of the boxes that were reached. */
export function listReached({ steps }: WorkflowOutline, progress: RunProgress): ReadonlySet<string> {
  const reached = new Set([START]);
  let hasTerminated = false;
  const visit = (list: readonly OutlineStep[]): void => {
    for (const { ref, branches } of list) {
      const state = progress.steps.get(ref);
      if (state === undefined) continue;
      reached.add(ref);
      for (const index of state.branches) {
        reached.add(getBranchId(ref, index));
        visit(branches[index]?.steps ?? []);
        if (!branches[index]?.terminates || !progress.hasEnded) continue;
        hasTerminated = true;
        reached.add(getBranchEndId(ref, index));
      }
    }
  };
  visit(steps);
  if (progress.hasEnded && (!hasTerminated || progress.isUnion)) reached.add(END);
  return reached;
}
