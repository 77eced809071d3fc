import type { JsonObject } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import type { Step } from "../step/step.js";

type TriggerFrequency = "every_trigger" | "once_per_recipient" | "once_per_recipient_per_tenant";

/** What starts runs of a workflow beside the API: a local extension of the file (F-025). */
export type WorkflowTrigger =
  | { type: "audience"; audience_key: string }
  | { type: "event"; source_key: string; event_key: string; mapping: JsonObject };

/** A workflow file, checked and with its template files read in. The key is the folder's name (F-007). */
export interface Workflow {
  key: string;
  /** UUID derived from the content: equal files are one version. */
  version_id: string;
  name: string;
  categories: string[];
  /** Trigger conditions (E-071). */
  conditions: ConditionGroup | null;
  trigger_frequency: TriggerFrequency;
  trigger_data_json_schema: JsonObject | null;
  settings: { is_commercial: boolean; override_preferences: boolean };
  /** The file's own switch; the environment's wins (F-024). */
  active: boolean;
  trigger: WorkflowTrigger | null;
  steps: Step[];
}
