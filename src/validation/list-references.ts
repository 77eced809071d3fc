import type { Reference } from "../checks/check-names.js";
import { isWaitForEventStep, type WaitForEventStep } from "../domain/step-types/wait-for-event-step.js";
import { parsePathSegments, walkReferences, walkSteps } from "../domain/step-types/walk-steps.js";
import { hasLiquid } from "../domain/template/has-liquid.js";
import { type ActionType, resolveParameterName } from "../domain/trigger/source.js";
import { walkObjects } from "../domain/validation/walk-objects.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

const AUDIENCE_OPERATORS: readonly unknown[] = ["is_audience_member", "is_not_audience_member"];

/** Returns a reference for a text. Other values, and templates, are only known in a run. */
const toReference = (kind: Reference["kind"], name: unknown, path: PropertyKey[]): Reference[] =>
  typeof name === "string" && name !== "" && !hasLiquid(name) ? [{ kind, name, path }] : [];

/** Returns the audiences that the conditions of a document name. */
const listConditionReferences = (document: unknown): Reference[] =>
  [...walkObjects(document)].flatMap(({ value, path }) =>
    AUDIENCE_OPERATORS.includes(value.operator) ? toReference("audience", value.argument, [...path, "argument"]) : [],
  );

/** Returns the steps whose messages a wait step expects. Other groups of its conditions can match if one cannot. */
function listAwaitedSteps({ settings }: WaitForEventStep, path: PropertyKey[]): Reference[] {
  const { event, match_conditions: groups } = settings;
  if (event.event_type !== "message" || event.source_type !== "workflow") return [];
  return groups.flatMap(({ conditions }, group) =>
    conditions.flatMap(({ variable, operator, argument }, index) => {
      if (variable !== "event.step_ref" || operator !== "equal_to") return [];
      const at = [...path, "settings", "match_conditions", group, "conditions", index, "argument"];
      return toReference("step", argument, at).map((found) => ({ ...found, workflow: event.source_key }));
    }),
  );
}

/** Returns the names that a wait step refers to. Sources, broadcasts and audiences of events are checked with the workflow. */
function listAwaitedNames(step: WaitForEventStep, path: PropertyKey[]): Reference[] {
  const { event } = step.settings;
  const at = [...path, "settings", "event", "source_key"];
  const awaited = listAwaitedSteps(step, path);
  if (event.event_type === "workflow") return [...toReference("workflow", event.source_key, at), ...awaited];
  if (event.event_type !== "message" || event.source_type === "broadcast") return awaited;
  return [...toReference(event.source_type, event.source_key, at), ...awaited];
}

/**
 * Returns the names that a workflow or broadcast refers to, except those whose check is part of reading it, and the workflows that
 * its steps trigger.
 */
export function listWorkflowReferences({ conditions, steps, trigger }: Workflow): Reference[] {
  const audiences = [...walkReferences(steps, "audience")].filter(({ audienceType }) => audienceType === "static");
  return [
    ...(trigger?.type === "audience" ? toReference("audience", trigger.audience_key, ["trigger", "audience_key"]) : []),
    ...audiences.flatMap(({ key, path }) => toReference("audience", key, path)),
    ...[...walkSteps(steps)].flatMap(({ step, path }) =>
      isWaitForEventStep(step) ? listAwaitedNames(step, parsePathSegments(path)) : [],
    ),
    ...listConditionReferences({ conditions, steps: steps as Json }),
  ];
}

/** Returns the value of a parameter that is the same for every event. */
const getLiteral = (parameter: unknown): unknown => (isJsonObject(parameter) ? parameter.value : parameter);

/** Returns the workflows and audiences that the mappings of a source name. `addsMembers` selects those that get members. */
export function listSourceReferences({ mappings }: JsonObject, addsMembers = false): Reference[] {
  return (Array.isArray(mappings) ? mappings : []).flatMap((mapping, index) => {
    if (!isJsonObject(mapping) || !isJsonObject(mapping.action_parameters)) return [];
    const type = mapping.action_type as ActionType;
    // An audience exists as soon as it gets its first member.
    if (addsMembers !== (type === "audiences_add_member")) return [];
    return Object.entries(mapping.action_parameters).flatMap(([name, parameter]) => {
      const kind = { workflow_key: "workflow", audience_key: "audience" } as const;
      const full = resolveParameterName(type, name) as keyof typeof kind;
      const path = ["mappings", index, "action_parameters", name, ...(isJsonObject(parameter) ? ["value"] : [])];
      return Object.hasOwn(kind, full) ? toReference(kind[full], getLiteral(parameter), path) : [];
    });
  });
}

/** Returns the names that an `environment.json` refers to. */
export function listEnvironmentReferences(document: JsonObject): Reference[] {
  const { channel_groups: groups, workflows, guide_groups, agent } = document;
  const rules = [...walkObjects(groups, ["channel_groups"])].flatMap(({ value, path }) =>
    path.at(-2) === "rules" ? toReference("channel", value.channel, [...path, "channel"]) : [],
  );
  const keys = isJsonObject(workflows) ? Object.keys(workflows) : [];
  const guides = [...walkObjects(guide_groups, ["guide_groups"])].flatMap(({ value, path }) =>
    ["display_sequence", "display_sequence_unthrottled"].flatMap((field) =>
      (Array.isArray(value[field]) ? value[field] : []).flatMap((name, index) =>
        toReference("guide", name, [...path, field, index]),
      ),
    ),
  );
  const answers = [...walkObjects(agent, ["agent"])].flatMap(({ value, path }) => {
    const { workflow, step } = value;
    if (path.at(-2) !== "answers" || typeof workflow !== "string") return [];
    const steps = toReference("step", step, [...path, "step"]).map((found) => ({ ...found, workflow }));
    return [...toReference("workflow", workflow, [...path, "workflow"]), ...steps];
  });
  return [
    ...rules,
    ...keys.flatMap((key) => toReference("workflow", key, ["workflows", key])),
    ...guides,
    ...answers,
    ...listConditionReferences(document),
  ];
}

/** Returns the channels and audiences that a file of recipients refers to. */
export function listRecipientReferences(document: JsonObject): Reference[] {
  const channels = ["users", "objects", "tenants"].flatMap((list) =>
    (Array.isArray(document[list]) ? document[list] : []).flatMap((recipient, index) => {
      const data = isJsonObject(recipient) ? recipient.channel_data : null;
      return Object.keys(isJsonObject(data) ? data : {}).flatMap((key) =>
        toReference("channel", key, [list, index, "channel_data", key]),
      );
    }),
  );
  return [...channels, ...listConditionReferences(document)];
}

/** Returns the audience of a broadcast or guide, and those that its conditions name. */
export const listTargetReferences = (document: JsonObject): Reference[] => [
  ...toReference("audience", document.target_audience_key, ["target_audience_key"]),
  ...listConditionReferences(document),
];
