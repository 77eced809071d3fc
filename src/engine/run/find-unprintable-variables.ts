import { findReducedSteps, type ReducedData } from "../../domain/step-types/reduced-steps.js";
import type { FindingCode } from "../../domain/validation/finding-codes.js";
import { BUILT_IN_PROPERTIES } from "../../domain/validation/list-declared-properties.js";
import { ITEM, type PathKey } from "../liquid/read-variables.js";
import {
  type DataSchema,
  findDataPath,
  type StepVariable,
  type StepVariables,
} from "../variables/find-misspelled-variables.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { analyzeVariables } from "./check-variables.js";
import { findType } from "./find-undefined-variables.js";

/** A variable that prints nothing, or an object. */
export interface UnprintableVariable {
  code: Extract<FindingCode, "empty_after_batch" | "object_output">;
  read: StepVariable;
  message: string;
}

/** The fields of a message whose text people read. Others can contain JSON. */
const TEXT_FIELDS = /[.](?:subject|html_body|text_body|markdown_body|title|content|summary|preview_text)$/;
/** Matches the paths of variables that are objects in every run, or missing. */
const OBJECTS = /^(?:recipient|actor|tenant|data|workflow|run|actors\.#|activities\.#(?:\.(?:actor|recipient|data))?)$/;
/** Matches the names of users, objects and tenants, which are objects with a name. */
const NAMED = /(?:recipient|actor|tenant|actors\.#)$/;

/**
 * Returns whether a batch has removed the value of a variable: an object or a list, which only the activities still have. The items of
 * a list are reported once, where the list is read.
 */
function isRemoved(
  read: StepVariable,
  dataPath: readonly PathKey[] | null,
  added: readonly string[],
  schema: DataSchema,
): boolean {
  if (dataPath === null || dataPath.length === 0 || read.isGuarded) return false;
  const [name, below] = dataPath;
  if (added.includes(String(name)) || dataPath.includes(ITEM)) return false;
  if (below !== undefined) return !BUILT_IN_PROPERTIES.includes(String(below));
  const type = findType(["data", name as PathKey], schema);
  return type === "object" || type === "array";
}

function findRemoved(step: StepVariables, reduced: ReducedData | undefined, schema: DataSchema): UnprintableVariable[] {
  if (reduced?.added == null) return [];
  const { batch, added } = reduced;
  return step.variables.flatMap((read) => {
    const dataPath = findDataPath(read, step);
    if (!isRemoved(read, dataPath, added, schema)) return [];
    const written = read.writtenPath.join(".");
    const inActivity = `activities[0].${dataPath?.join(".")}`;
    const message = `${written} is empty: the batch "${batch.ref}" removes objects and lists from the data; read ${inActivity}, or loop over activities`;
    return [{ code: "empty_after_batch", read, message }];
  });
}

function findObjects(
  { variables, assignedNames, extensibleRoots, addedData }: StepVariables,
  schema: DataSchema,
): UnprintableVariable[] {
  const isDataChanged = extensibleRoots.has("data") || addedData.length > 0;
  return variables.flatMap((read) => {
    const { path, writtenPath, isPrinted, isGuarded, fieldPath } = read;
    const root = String(path[0]);
    if (!isPrinted || isGuarded || assignedNames.has(root) || !TEXT_FIELDS.test(fieldPath)) return [];
    const normalPath = path.map((key) => (typeof key === "number" ? "#" : key)).join(".");
    if (!OBJECTS.test(normalPath) && (isDataChanged || findType(path, schema) !== "object")) return [];
    const written = writtenPath.join(".");
    const fix = NAMED.test(normalPath) ? `did you mean "${written}.name"?` : "print one of its properties";
    const message = `${written} is an object and is printed as JSON; ${fix}`;
    return [{ code: "object_output", read, message }];
  });
}

/** Returns the variables of templates that certainly print nothing after a batch, and those that print an object as JSON. */
export function findUnprintableVariables(compiled: CompiledWorkflow): UnprintableVariable[] {
  const { steps, trigger_data_json_schema: schema } = compiled.workflow;
  const reduced = findReducedSteps(steps);
  return analyzeVariables(compiled).steps.flatMap((step) => {
    const removed = findRemoved(step, reduced.get(step.ref), schema);
    const empty = new Set(removed.map(({ read }) => read));
    return [...removed, ...findObjects(step, schema).filter(({ read }) => !empty.has(read))];
  });
}
