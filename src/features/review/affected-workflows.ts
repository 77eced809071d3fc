import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { isWaitForEventStep } from "../../domain/step-types/wait-for-event-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { readSharedTemplates } from "../../engine/workflow/shared-templates.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import type { DocumentComparison } from "./compare-documents.js";

/** The workflows that run differently on both sides. */
export interface AffectedWorkflows {
  has(key: string): boolean;
  /** The keys of the workflows that use a layout, partial or request, by its ID such as `partials/footer`. */
  users: ReadonlyMap<string, readonly string[]>;
}

/** Documents that only the workflows that name them use, or that no trigger uses. */
const WITHOUT_SHARED_EFFECT =
  /^(?:workflows|partials|layouts|requests|guides|broadcasts|schedules|message-types)\/|^prices\.json$/;
/** Steps that change data which other workflows read. */
const DATA_STEP = /^update_(?!data$)/;

interface WorkflowState {
  fingerprint: string;
  names: string[];
  workflow: Workflow | null;
}

async function readState(project: Project, key: string): Promise<WorkflowState> {
  try {
    const workflow = await project.workflow(key);
    if (workflow === null) return { fingerprint: "", names: [], workflow };
    const { id, layouts, partials, requests } = await readSharedTemplates(workflow, project);
    const list = (kind: string, keys: Iterable<string>): string[] => [...keys].map((name) => `${kind}/${name}`);
    const names = [
      ...list("layouts", layouts.keys()),
      ...list("partials", partials.keys()),
      ...list("requests", requests.keys()),
    ];
    return { fingerprint: `${workflow.version_id} ${id}`, names, workflow };
  } catch (error) {
    if (error instanceof KnockError) return { fingerprint: `invalid: ${error.message}`, names: [], workflow: null };
    throw error;
  }
}

/** Returns the workflows whose runs a workflow starts or waits for. */
function listReferences({ steps }: Workflow): string[] {
  return [...walkSteps(steps)].flatMap(({ step }) => {
    const triggered = getStepDefinition(step).getTriggeredWorkflow?.(step);
    const awaited = isWaitForEventStep(step) ? step.settings.event : null;
    return [
      ...(typeof triggered === "string" ? [triggered] : []),
      ...(awaited !== null && "source_key" in awaited ? [String(awaited.source_key)] : []),
    ];
  });
}

/**
 * Finds the workflows that run differently on both sides, by content: their own files and the layouts, partials and requests that they
 * use. All are affected by a change of other files, such as the environment, translations and recipients.
 */
export async function findAffectedWorkflows(
  before: Project,
  after: Project,
  comparisons: readonly DocumentComparison[],
): Promise<AffectedWorkflows> {
  const keys = new Set([...(await before.workflowKeys()), ...(await after.workflowKeys())]);
  const users = new Map<string, string[]>();
  const affected = new Set<string>();
  const references = new Map<string, string[]>();
  let changesData = false;
  for (const key of keys) {
    const [old, now] = [await readState(before, key), await readState(after, key)];
    for (const name of new Set([...old.names, ...now.names])) users.set(name, [...(users.get(name) ?? []), key]);
    const workflows = [old.workflow, now.workflow].filter((workflow) => workflow !== null);
    references.set(key, workflows.flatMap(listReferences));
    if (old.fingerprint === now.fingerprint) continue;
    affected.add(key);
    const steps = workflows.flatMap((workflow) => [...walkSteps(workflow.steps)]);
    changesData ||= steps.some(({ step }) => DATA_STEP.test(step.type));
  }
  const isShared = comparisons.some(({ id }) => !WITHOUT_SHARED_EFFECT.test(id));
  if (isShared || (changesData && affected.size > 0)) return { has: () => true, users };
  for (let size = -1; size !== affected.size; ) {
    size = affected.size;
    for (const [key, named] of references) if (named.some((name) => affected.has(name))) affected.add(key);
  }
  return { has: (key) => affected.has(key), users };
}
