import type { JsonObject } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import type { Step } from "../step/step.js";

type TriggerFrequency = "every_trigger" | "once_per_recipient" | "once_per_recipient_per_tenant";

/** A trigger that starts runs in addition to the API. It is a local extension of the file (F-025). */
export type WorkflowTrigger =
  | { type: "audience"; audience_key: string }
  | { type: "event"; source_key: string; event_key: string; mapping: JsonObject };

/** A checked workflow file whose template files have been inserted. The key is the name of the folder (F-007). */
export interface Workflow {
  key: string;
  /** A UUID derived from the content, so that equal files are the same version. */
  version_id: string;
  name: string;
  categories: string[];
  /** The trigger conditions (E-071). */
  conditions: ConditionGroup | null;
  trigger_frequency: TriggerFrequency;
  trigger_data_json_schema: JsonObject | null;
  settings: { is_commercial: boolean; override_preferences: boolean };
  /** Whether the workflow is active according to its file. The environment's setting takes precedence (F-024). */
  active: boolean;
  trigger: WorkflowTrigger | null;
  steps: Step[];
}
