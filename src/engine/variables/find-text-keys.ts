import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { findTextFile } from "../../domain/template/text-files.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { parseText, toPointer } from "../liquid/liquid.js";
import { readTextKeys, type TextKey } from "../liquid/read-text-keys.js";
import { ITEM, readVariables } from "../liquid/read-variables.js";
import { collectTexts } from "./find-misspelled-variables.js";

/** Returns the paths of the variables that a text reads; none for a text that cannot be parsed. */
export function listVariables(text: string): string[] {
  const parsed = hasLiquid(text) ? parseText(text) : null;
  if (parsed === null) return [];
  const { reads } = readVariables(parsed);
  return [...new Set(reads.map(({ path }) => path.map((key) => (key === ITEM ? "*" : key)).join(".")))];
}

/** Returns the names of the variables without which a text prints nothing in their place. */
export function listRequiredNames(text: string): string[] {
  const parsed = hasLiquid(text) ? parseText(text) : null;
  if (parsed === null) return [];
  const { reads, assignedNames } = readVariables(parsed);
  const required = reads.filter(({ isGuarded, writtenPath, path }) => !isGuarded && writtenPath[0] === path[0]);
  return [...new Set(required.map(({ path }) => String(path[0])))].filter((name) => !assignedNames.has(name));
}

/** A key in a text of a resource. */
export interface ResourceKey extends TextKey {
  fieldPath: string;
  /** The display path of the text's own file. Undefined if the main file of the resource contains the text. */
  file: string | undefined;
}

/** Matches texts that can name a key, because parsing all texts again takes long. */
const KEY_PATTERN = /\brender\b|\|\s*t\b/;

function findTextKeys(owner: object, value: unknown, path: string): ResourceKey[] {
  return [...collectTexts(value, path)].flatMap(([text, fieldPath]) => {
    const parsed = KEY_PATTERN.test(text) ? parseText(text) : null;
    const file = findTextFile(owner, toPointer(fieldPath));
    return parsed === null ? [] : readTextKeys(parsed).map((found) => ({ ...found, fieldPath, file }));
  });
}

/** Returns the keys of partials and translations in the templates of a workflow's steps. */
export function findWorkflowTextKeys(workflow: Workflow): ResourceKey[] {
  return [...walkSteps(workflow.steps)].flatMap(({ step, path }) =>
    Object.entries(getStepDefinition(step).templates?.(step) ?? {}).flatMap(([key, value]) =>
      findTextKeys(workflow, value, `${path}.${key}`),
    ),
  );
}

/** Returns the keys of partials and translations in the texts of a layout or a partial. */
export const findSharedTextKeys = (resource: object): ResourceKey[] =>
  Object.entries(resource).flatMap(([key, value]) => findTextKeys(resource, value, key));
