import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import { Diagram } from "../diagram/diagram.js";
import { StepDetails } from "../diagram/step-details.js";
import type { RunProgress } from "../lib/outline.js";
import { findOutlineStep } from "../lib/run-progress.js";

/** Returns the width of an element, which is measured again when it changes; 0 before the first time. */
function useWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const ref = useRef<HTMLDivElement | null>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = (): void => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

interface WorkflowDiagramProps {
  outline: WorkflowOutline;
  progress: RunProgress | null;
  /** Displays more about a step of a run, below its settings. */
  showOutcome?: (ref: string) => ComponentChildren;
}

/** Displays the diagram of a workflow. Enter or a click opens the details of a step, and Escape closes them. */
export function WorkflowDiagram({ outline, progress, showOutcome }: WorkflowDiagramProps) {
  const [ref, width] = useWidth();
  const detailsId = useId();
  const [open, setOpen] = useState<string | null>(null);
  const step = findOutlineStep(outline.steps, open);
  const close = (): void => {
    setOpen(null);
    ref.current?.querySelector<HTMLElement>('[aria-expanded="true"]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || step === null) return;
    event.preventDefault();
    close();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the details from any element inside.
    <div class="workflow-diagram" onKeyDown={onKeyDown}>
      <div ref={ref}>
        {width === 0 ? null : (
          <Diagram
            outline={outline}
            progress={progress}
            width={width}
            label="Workflow diagram"
            open={open}
            detailsId={detailsId}
            onOpen={(clicked) => setOpen(clicked === open ? null : clicked)}
          />
        )}
      </div>
      {step === null ? null : (
        <section class="step-details" id={detailsId} aria-label={`Details of ${step.ref}`} aria-live="polite">
          <button type="button" class="quiet" onClick={close} aria-label="Close the details">
            ×
          </button>
          <StepDetails step={step} progress={progress} />
          {showOutcome?.(step.ref)}
        </section>
      )}
    </div>
  );
}
