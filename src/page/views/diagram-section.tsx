import { useState } from "preact/hooks";
import type { WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import type { Workflow } from "../lib/draft.js";
import { WorkflowDiagram } from "./workflow-diagram.js";

/** The screens with space for the diagram next to the form, as in the style sheet. */
const WIDE = "(min-width: 70rem)";

/** Displays the diagram next to the form. On narrow screens it is above the form and closed at first. */
export function DiagramSection({ workflow, outline }: { workflow: Workflow; outline: WorkflowOutline }) {
  const [isInitiallyOpen] = useState(() => matchMedia(WIDE).matches);
  return (
    <details class="diagram-section" open={isInitiallyOpen}>
      <summary>
        <h2>Workflow diagram</h2>
      </summary>
      <WorkflowDiagram key={workflow.key} outline={outline} progress={null} />
    </details>
  );
}
