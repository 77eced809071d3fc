import type { JsonObject } from "../../util/json.js";

/** A workflow and the JSON Schema of its trigger data, which is null if the workflow declares none. */
export interface WorkflowDataSchema {
  key: string;
  schema: JsonObject | null;
}

/** Generated code and the name of the type of each workflow; null for a workflow without a schema. */
export interface GeneratedTypes {
  code: string;
  types: { workflow: string; type: string | null }[];
}
