import type {
  OutlineBranch,
  OutlineCondition,
  OutlineGroup,
  OutlineStep,
} from "../../domain/workflow/workflow-outline.js";
import { formatCondition, isGroup, type RunProgress } from "../lib/outline.js";
import { getTypeLabel } from "./diagram.js";

function ConditionItem({ condition }: { condition: OutlineCondition }) {
  const { result } = condition;
  const hasRun = result !== undefined;
  return (
    <li class={result === true ? "held" : result === false ? "failed" : "muted"}>
      {hasRun ? (
        <>
          <span aria-hidden="true">{result === null ? "–" : result ? "✓" : "✗"}</span>
          <span class="unseen">{result === null ? "not evaluated: " : `${result}: `}</span>
        </>
      ) : null}
      <code>{formatCondition(condition)}</code>
    </li>
  );
}

/** Displays conditions as a list, with a nested list for each nested group. */
function Conditions({ group }: { group: OutlineGroup }) {
  return (
    <>
      {group.conditions.length > 1 ? (
        <p class="reason">{group.match === "any" ? "At least one is true:" : "All are true:"}</p>
      ) : null}
      <ul class="conditions">
        {group.conditions.map((node, index) =>
          isGroup(node) ? (
            <li key={String(index)} class="nested">
              <div>
                <Conditions group={node} />
              </div>
            </li>
          ) : (
            <ConditionItem key={String(index)} condition={node} />
          ),
        )}
      </ul>
    </>
  );
}

function Branch({ branch, isTaken }: { branch: OutlineBranch; isTaken: boolean }) {
  return (
    <li>
      <h4>
        {branch.name} {branch.share === null ? null : <span class="muted">{branch.share}</span>}{" "}
        {isTaken ? <span class="chip busy">taken</span> : null}
      </h4>
      {branch.conditions === null ? (
        branch.is_default ? (
          <p class="reason">Taken if the conditions of no other branch are true.</p>
        ) : null
      ) : (
        <Conditions group={branch.conditions} />
      )}
    </li>
  );
}

/** Displays the settings and conditions of a step, and of its branches. */
export function StepDetails({ step, progress }: { step: OutlineStep; progress: RunProgress | null }) {
  const { ref, name, summary, conditions, branches } = step;
  const state = progress?.steps.get(ref);
  return (
    <>
      <h3>
        {ref} <span class="muted">{[getTypeLabel(step), summary].filter(Boolean).join(" · ")}</span>
      </h3>
      {name === null ? null : <p>{name}</p>}
      {progress !== null && state === undefined ? (
        <p class="reason">{progress.isUnion ? "No run reached this step." : "The run did not reach this step."}</p>
      ) : null}
      {conditions === null ? null : (
        <>
          <h4>Conditions</h4>
          <Conditions group={conditions} />
        </>
      )}
      {branches.length === 0 ? null : (
        <ul class="branch-details">
          {branches.map((branch, index) => (
            <Branch key={String(index)} branch={branch} isTaken={state?.branches.includes(index) ?? false} />
          ))}
        </ul>
      )}
      {state === undefined && conditions === null && branches.length === 0 && progress === null ? (
        <p class="reason">This step has no conditions. It runs whenever it is reached.</p>
      ) : null}
    </>
  );
}
