import { isWaitForEventStep } from "../domain/step-types/wait-for-event-step.js";
import { parsePathSegments, walkSteps } from "../domain/step-types/walk-steps.js";
import type { Source } from "../domain/trigger/source.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Project } from "../project/open-project.js";
import { openProjectSources } from "../project/project-sources.js";
import { findNearest } from "../util/find-nearest.js";

/** Names that differ more are probably those of other events, which need no mapping. */
const MAX_TYPOS = 2;
const DEFAULT_USER_PATH = "user_id";

/** Reads the sources of a project by key. Invalid ones have errors of their own. */
async function readSources(project: Project, cwd: string): Promise<Map<string, Source>> {
  const sources = openProjectSources(project, cwd);
  const found = new Map<string, Source>();
  for (const key of sources.keys()) {
    const source = await sources.read(key).catch(() => null);
    if (source !== null) found.set(key, source);
  }
  return found;
}

/** Returns why the name of an event is probably misspelled, or null. */
function findMisspelledEvent(eventKey: string, { key, mappings }: Source): string | null {
  const known = mappings.map(({ event_type }) => event_type);
  const near = known.includes(eventKey) ? undefined : findNearest(eventKey, known, MAX_TYPOS);
  return near === undefined ? null : `is not an event that the source "${key}" maps; did you mean "${near}"?`;
}

/** Returns why a source does not find the users of its events, or null: its mappings read them in another place. */
function findUnreadUser({ mappings, settings }: Source): string | null {
  if (settings.user_id_path !== DEFAULT_USER_PATH) return null;
  const paths = mappings.flatMap(({ action_type, action_parameters: { user_id } }) =>
    action_type === "users_identify" && typeof user_id === "string" ? [user_id] : [],
  );
  const [path] = paths;
  if (path === undefined || paths.some((other) => other.endsWith(DEFAULT_USER_PATH))) return null;
  return `reads the user of an event at "${DEFAULT_USER_PATH}", but its mappings at "${path}": set user_id_path in the settings of the source`;
}

function checkSteps({ steps }: Workflow, sources: ReadonlyMap<string, Source>): CheckFinding[] {
  return [...walkSteps(steps)].flatMap(({ step, path }): CheckFinding[] => {
    const event = isWaitForEventStep(step) ? step.settings.event : null;
    if (event?.event_type !== "integration_source") return [];
    const source = sources.get(event.integration_source_key);
    if (source === undefined) return [];
    const problems = {
      event_key: findMisspelledEvent(event.event_key, source),
      integration_source_key: findUnreadUser(source),
    };
    return Object.entries(problems).flatMap(([key, message]): CheckFinding[] =>
      message === null
        ? []
        : [{ code: "unknown_reference", path: [...parsePathSegments(path), "settings", "event", key], message }],
    );
  });
}

/** Returns the findings about steps that wait for an event of a source and will probably never see it, by the key of the workflow. */
export async function checkAwaitedEvents(
  project: Project,
  workflows: ReadonlyMap<string, Workflow>,
  cwd: string,
): Promise<[key: string, found: CheckFinding[]][]> {
  const sources = await readSources(project, cwd);
  return [...workflows.values()].map((workflow) => [workflow.key, checkSteps(workflow, sources)]);
}
