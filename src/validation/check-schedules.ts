import { describeUnknownName } from "../checks/check-names.js";
import { checkTriggerData } from "../domain/data-schema/check-trigger-data.js";
import type { ScheduleEntry } from "../domain/trigger/schedules-file.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import type { Project } from "../project/open-project.js";
import { parsePointer } from "../util/json.js";
import type { FindingCollector } from "./finding-collector.js";

/** Returns the data of an entry that the schema of its workflow does not allow. */
function checkData({ data, recipients }: ScheduleEntry, workflow: Workflow): CheckFinding[] {
  // Data of a recipient may complete that of the entry.
  if (recipients.some(({ trigger_data }) => trigger_data)) return [];
  try {
    checkTriggerData(workflow, data ?? {});
    return [];
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return error.details.map(({ pointer, message }) => ({
      code: "sample_data_invalid",
      path: parsePointer(pointer),
      message: `${message} (workflow "${workflow.key}")`,
    }));
  }
}

/** Returns the findings about the workflows that a schedules file names, and about its data. */
function checkEntries(
  entries: readonly ScheduleEntry[],
  workflows: ReadonlyMap<string, Workflow>,
  keys: readonly string[],
): CheckFinding[] {
  return entries.flatMap((entry, index): CheckFinding[] => {
    const below = ["schedules", index];
    if (!keys.includes(entry.workflow))
      return [describeUnknownName({ kind: "workflow", name: entry.workflow, path: [...below, "workflow"] }, keys)];
    const workflow = workflows.get(entry.workflow);
    const found = workflow === undefined ? [] : checkData(entry, workflow);
    return found.map((finding) => ({ ...finding, path: [...below, ...finding.path] }));
  });
}

/** Checks the files of `schedules/` and the workflows that they name. `workflows` are the valid ones. */
export async function checkSchedules(
  project: Project,
  collector: FindingCollector,
  workflows: ReadonlyMap<string, Workflow>,
): Promise<void> {
  const read = () => project.readChangedSchedules(new Map());
  const content = await collector.tryRead(collector.displayPath("schedules"), read);
  const keys = await project.workflowKeys();
  for (const { entries, path, displayPath } of content?.changed ?? [])
    await collector.addChecks({ path, displayPath }, checkEntries(entries, workflows, keys));
}
