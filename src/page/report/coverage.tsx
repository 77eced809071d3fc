import { useState } from "preact/hooks";
import type { CoverageDiagram } from "../../scenarios/build-coverage-diagram.js";
import { COVERAGE_KINDS } from "../../scenarios/coverage-kinds.js";
import type { RunProgress } from "../lib/outline.js";
import { WorkflowDiagram } from "../views/workflow-diagram.js";
import { formatShares, type ReportData } from "./report-data.js";

/** Returns the executed steps for the diagram. The end is reached if the last step is. */
function createCoverageProgress({ outline, steps }: CoverageDiagram): RunProgress {
  const states = Object.entries(steps).map(([ref, { isComplete, branches }]) => {
    const tone = isComplete ? ("good" as const) : ("wait" as const);
    return [ref, { tone, label: isComplete ? "covered" : "partly covered", branches }] as const;
  });
  const last = outline.steps.at(-1);
  return { steps: new Map(states), hasEnded: last !== undefined && last.ref in steps, isUnion: true };
}

function MissingList({ texts }: { texts: string[] }) {
  return texts.length === 0 ? null : (
    <>
      <h4>Not covered</h4>
      <ul class="plain-list">
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}

/** Displays the coverage of a workflow. Its diagram is drawn while it is open. */
function WorkflowCoverage({ diagram, shares }: { diagram: CoverageDiagram; shares: string }) {
  const [isOpen, setOpen] = useState(false);
  const { key, outline, missing } = diagram;
  const listMissing = (ref: string | null): string[] =>
    missing.filter(({ step }) => step === ref).map(({ text }) => text);
  return (
    <details class="report-panel" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{key}</h3> <span class="muted">{shares}</span>
      </summary>
      {isOpen ? (
        <>
          <WorkflowDiagram
            outline={outline}
            progress={createCoverageProgress(diagram)}
            showOutcome={(ref) => <MissingList texts={listMissing(ref)} />}
          />
          <MissingList texts={listMissing(null)} />
        </>
      ) : null}
    </details>
  );
}

/** Displays each share of a coverage as a bar. Kinds that no workflow has are left out. */
function CoverageBars({ of, label }: { of: NonNullable<ReportData["coverage"]>["total"]; label: string }) {
  return (
    <ul class="coverage-bars" aria-label={label}>
      {COVERAGE_KINDS.filter((kind) => of[kind].total > 0).map((kind) => {
        const { covered, total } = of[kind];
        return (
          <li key={kind} class={covered === total ? "complete" : undefined}>
            <span>{kind}</span>
            <span class="coverage-bar" aria-hidden="true">
              <span style={{ width: `${(100 * covered) / total}%` }} />
            </span>
            <span class="muted">
              {covered} of {total}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Displays the coverage of all workflows together. */
export function CoverageOverview({ coverage }: { coverage: ReportData["coverage"] }) {
  if (coverage === null) return null;
  return (
    <section class="report-panel" aria-label="Coverage of all workflows">
      <h2>Coverage</h2>
      <CoverageBars of={coverage.total} label="Coverage" />
    </section>
  );
}

/** Displays the coverage of each workflow, with its diagram. */
export function CoverageSection({ data: { coverage, diagrams } }: { data: ReportData }) {
  if (coverage === null) return null;
  const shares = new Map(coverage.workflows.map((workflow) => [workflow.workflow, formatShares(workflow)]));
  return (
    <section>
      <h2>Coverage of each workflow</h2>
      {diagrams.map((diagram) => (
        <WorkflowCoverage key={diagram.key} diagram={diagram} shares={shares.get(diagram.key) ?? ""} />
      ))}
    </section>
  );
}
