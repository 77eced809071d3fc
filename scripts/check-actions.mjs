// Checks the actions in actions/: their keys, and their steps as those of a job, whose inputs actionlint then knows.
import { parse, stringify } from "yaml";

const ACTION_KEYS = ["name", "description", "inputs", "outputs", "runs"];
const INPUT_KEYS = ["description", "required", "default"];
const OUTPUT_KEYS = ["description", "value"];
const STEP_KEYS = ["name", "id", "if", "shell", "working-directory", "run", "uses", "with", "env"];
const PINNED = /^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/;

const listUnknown = (place, value, known) =>
  Object.keys(value ?? {})
    .filter((key) => !known.includes(key))
    .map((key) => `${place}: unknown key "${key}"`);

function checkStep(step) {
  const place = `step "${step.name}"`;
  const faults = listUnknown(place, step, STEP_KEYS);
  if (step.run === undefined) {
    if (!PINNED.test(step.uses ?? "")) faults.push(`${place}: pin ${step.uses} to a commit`);
    return faults;
  }
  if (step.shell === undefined) faults.push(`${place}: a step of an action needs a shell`);
  // The value of an expression would be run as code.
  if (step.run.includes("${{")) faults.push(`${place}: pass values to run in env`);
  return faults;
}

/** Returns the faults of an action that actionlint does not find. */
export function checkAction(text) {
  const action = parse(text);
  const { name, description, inputs = {}, outputs = {}, runs } = action;
  return [
    ...listUnknown("action", action, ACTION_KEYS),
    ...[name, description].flatMap((value) => (value ? [] : ["action: name and description are required"])),
    ...(runs?.using === "composite" ? [] : ["runs: only composite actions are checked"]),
    ...Object.entries(inputs).flatMap(([key, input]) => [
      ...listUnknown(`input "${key}"`, input, INPUT_KEYS),
      ...(input.description ? [] : [`input "${key}": a description is required`]),
    ]),
    ...Object.entries(outputs).flatMap(([key, output]) => listUnknown(`output "${key}"`, output, OUTPUT_KEYS)),
    ...(runs?.steps ?? []).flatMap(checkStep),
  ];
}

/** Returns a workflow with the inputs, outputs and steps of an action, which actionlint can check. */
export function toWorkflow(text) {
  const { inputs = {}, outputs = {}, runs } = parse(text);
  const values = Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));
  return stringify(
    {
      on: {
        workflow_call: {
          // The default of an input of a workflow cannot be an expression, and is not needed for the check.
          inputs: Object.fromEntries(Object.keys(inputs).map((key) => [key, { type: "string" }])),
        },
      },
      jobs: {
        action: {
          "runs-on": "ubuntu-latest",
          ...(Object.keys(outputs).length > 0 ? { outputs: values } : {}),
          steps: runs.steps,
        },
      },
    },
    { lineWidth: 0 },
  );
}
