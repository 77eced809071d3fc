import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { OutlineGroup, OutlineStep, WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import { getChannelLabel, replaceUnderscores } from "../lib/labels.js";
import { formatCondition, isGroup, type RunProgress } from "../lib/outline.js";
import { Icon } from "../parts/icon.js";
import { type Box, type Edge, END, getBranchEndId, getBranchId, layoutDiagram, START } from "./layout.js";
import { listReached } from "./list-reached.js";

export function getTypeLabel({ type, channel_type }: Pick<OutlineStep, "type" | "channel_type">): string {
  return channel_type === null ? replaceUnderscores(type) : getChannelLabel(channel_type);
}

/** Returns conditions as one text for screen readers. */
function describeGroup(group: OutlineGroup): string {
  const texts = group.conditions.map((node) => {
    if (isGroup(node)) return `(${describeGroup(node)})`;
    const result = node.result === undefined ? "" : node.result === null ? "not evaluated: " : `${node.result}: `;
    return result + formatCondition(node);
  });
  return texts.join(group.match === "any" ? ", or " : ", and ");
}

/** Returns the path of an edge with an arrow at its end. */
function toPath({ points }: Edge): string {
  const [[x1, y1], [x, y]] = points.slice(-2) as [[number, number], [number, number]];
  const arrow =
    x1 === x && y1 < y
      ? `M${x - 4} ${y - 5}L${x} ${y - 1}L${x + 4} ${y - 5}`
      : `M${x - 5} ${y - 4}L${x - 1} ${y}L${x - 5} ${y + 4}`;
  return `M${points.map((point) => point.join(" ")).join("L")}${arrow}`;
}

const toPixels = (sizes: Record<string, number>): Record<string, string> =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, `${size}px`]));

const toStyle = ({ x, y, width, height }: Box) => toPixels({ left: x, top: y, width, height });

function Lines({ box, group }: { box: Box; group: OutlineGroup | null }) {
  if (group === null) return null;
  return (
    <>
      <span class="unseen">if {describeGroup(group)}</span>
      <span class="node-lines" aria-hidden="true">
        {box.lines.map(({ text, result }, index) => (
          <code key={String(index)} class={result === true ? "held" : result === false ? "failed" : undefined}>
            {text}
          </code>
        ))}
      </span>
    </>
  );
}

const SYMBOLS: Record<string, string> = { good: "✓", bad: "✗", wait: "‖", busy: "…", sandbox: "✓", plain: "–" };

interface DiagramProps {
  outline: WorkflowOutline;
  /** The outcome of each step that was reached; null for a workflow without a run. */
  progress: RunProgress | null;
  /** The available width in pixels. */
  width: number;
  label: string;
  /** The ref of the step whose details are open. */
  open: string | null;
  /** The ID of the element that contains the details. */
  detailsId: string;
  onOpen(ref: string): void;
}

/** Moves the focus to the next or previous step, and to the first or last one. */
function moveFocus(event: KeyboardEvent): void {
  const steps = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button")];
  const at = steps.indexOf(event.target as HTMLElement);
  const targets: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: steps.length - 1 };
  const target = steps[targets[event.key] ?? -1];
  if (target === undefined) return;
  event.preventDefault();
  target.focus();
}

/**
 * Displays a workflow as a graph. Boxes are in nested lists, so that screen readers announce the branch of each step.
 * Everything comes from the properties.
 */
export function Diagram({ outline, progress, width, label, open, detailsId, onOpen }: DiagramProps) {
  const layout = useMemo(() => layoutDiagram(outline, width), [outline, width]);
  const reached = useMemo(() => (progress === null ? null : listReached(outline, progress)), [outline, progress]);
  const isReached = (id: string): boolean => reached?.has(id) ?? false;
  const getClass = (name: string, id: string): string =>
    `${name}${reached === null ? "" : isReached(id) ? " reached" : " unreached"}`;
  const isTaken = ({ from, to }: Edge): boolean => isReached(from) && isReached(to);
  const edges = [...layout.edges].sort((a, b) => Number(isTaken(a)) - Number(isTaken(b)));

  const showBox = (id: string, name: string, children: ComponentChildren): ComponentChildren => {
    const box = layout.boxes.get(id);
    return box === undefined ? null : (
      <div class={getClass(name, id)} style={toStyle(box)}>
        {children}
      </div>
    );
  };
  const showStep = (step: OutlineStep): ComponentChildren => {
    const { ref, summary, conditions, branches } = step;
    const box = layout.boxes.get(ref) as Box;
    const state = progress?.steps.get(ref);
    return (
      <li key={ref}>
        <button
          type="button"
          class={`${getClass("node", ref)} ${state?.tone ?? ""}`}
          style={toStyle(box)}
          aria-expanded={open === ref}
          aria-controls={open === ref ? detailsId : undefined}
          onClick={() => onOpen(ref)}
        >
          <span class="node-title">
            <Icon name={step.channel_type ?? step.type} />
            <b>{ref}</b>
            {state ? <span aria-hidden="true">{SYMBOLS[state.tone]}</span> : null}
          </span>
          <span class="node-summary">
            {state ? (
              <>
                <i>{state.label}</i> ·{" "}
              </>
            ) : progress === null ? null : (
              <span class="unseen">not reached: </span>
            )}
            {[getTypeLabel(step), summary].filter(Boolean).join(" · ")}
          </span>
          <Lines box={box} group={conditions} />
        </button>
        {branches.length === 0 ? null : (
          <ul aria-label={`Branches of ${ref}`}>{branches.map((_, index) => showBranch(step, index))}</ul>
        )}
      </li>
    );
  };
  const showBranch = ({ ref, branches }: OutlineStep, index: number): ComponentChildren => {
    const branch = branches[index];
    const id = getBranchId(ref, index);
    const box = layout.boxes.get(id);
    if (branch === undefined || box === undefined) return null;
    return (
      <li key={id}>
        {showBox(
          id,
          "node-branch",
          <>
            <span class="node-title">
              <b>{branch.name}</b>
              {branch.share === null ? null : <span>{branch.share}</span>}
              {reached === null ? null : <span class="unseen">{isReached(id) ? "taken" : "not taken"}</span>}
            </span>
            <Lines box={box} group={branch.conditions} />
          </>,
        )}
        {branch.steps.length === 0 ? null : (
          <ol aria-label={`Steps of the branch ${branch.name}`}>{branch.steps.map(showStep)}</ol>
        )}
        {branch.terminates ? showBox(getBranchEndId(ref, index), "node-end", "End") : null}
      </li>
    );
  };
  const start = layout.boxes.get(START) as Box;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys move the focus between the buttons inside.
    <div class="diagram" style={toPixels({ width: layout.width, height: layout.height })} onKeyDown={moveFocus}>
      <svg width={layout.width} height={layout.height} aria-hidden="true">
        {edges.map((edge) => (
          <path key={`${edge.from} ${edge.to}`} d={toPath(edge)} class={isTaken(edge) ? "taken" : undefined} />
        ))}
      </svg>
      {showBox(
        START,
        "node-branch",
        <>
          <span class="node-title">
            <b>Trigger</b>
          </span>
          <Lines box={start} group={outline.conditions} />
        </>,
      )}
      <ol aria-label={label}>{outline.steps.map(showStep)}</ol>
      {showBox(END, "node-end", "End")}
    </div>
  );
}
