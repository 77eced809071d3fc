import { dirname, join } from "node:path";
import { buildValidationReport, type ProjectFinding } from "../../checks/project-finding.js";
import type { DocumentComparison } from "./compare-documents.js";
import { formatSidePath, type ReviewSide } from "./sides.js";

/** Returns the number of the line at which a text has the markers of a merge conflict, or null. */
function findConflictLine(text = ""): number | null {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("<<<<<<< "));
  return start >= 0 && lines.some((line, at) => at > start && line.startsWith(">>>>>>> ")) ? start + 1 : null;
}

/** Finds merge conflicts in templates, which are valid texts and would be sent. Those in JSON are findings of `validate`. */
export function findConflicts(side: ReviewSide, comparisons: readonly DocumentComparison[]): ProjectFinding[] {
  const found = comparisons.flatMap(({ before, after }) =>
    [...(after?.files ?? [])].flatMap(([path, text]) => {
      const line = findConflictLine(text);
      if (after === null || line === null || findConflictLine(before?.files.get(path)) !== null) return [];
      return {
        ...{ code: "project_invalid" as const, message: "the text has a merge conflict", pointer: "" },
        ...{ file: formatSidePath(side, join(dirname(after.path), path)), line, column: 1 },
        hint: "Keep one version of the lines, and delete the markers.",
      };
    }),
  );
  return buildValidationReport(found, { files: 0 }).findings;
}
