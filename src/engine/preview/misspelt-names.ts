import { textFileOf } from "../../domain/template/text-files.js";
import type { ChannelStep, Workflow } from "../../domain/workflow/workflow.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { namesRead, pointerTo, type RenderScope } from "../liquid/liquid.js";

/** The texts of a template with their places. */
function* textsOf(value: unknown, place: string): Generator<[text: string, place: string]> {
  if (typeof value === "string") yield [value, place];
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* textsOf(item, `${place}[${index}]`);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value)) yield* textsOf(item, `${place}.${key}`);
}

/** How a path should read, where its first key that leads nowhere is nearly one that is there. */
function meantPath(path: readonly string[], scope: RenderScope, optional: readonly string[]): string | null {
  let holder: unknown = scope;
  for (const [index, key] of path.entries()) {
    if (!isJsonObject(holder)) return null;
    if (!Object.hasOwn(holder, key)) {
      const isData = index === 0 || (index === 1 && path[0] === "data");
      if (isData && optional.includes(key)) return null;
      const near = nearest(key, Object.keys(holder));
      return near === undefined ? null : [...path.slice(0, index), near, ...path.slice(index + 1)].join(".");
    }
    holder = holder[key];
  }
  return null;
}

/**
 * Names in a channel step's template that lead nowhere, and are nearly one that leads somewhere: Liquid prints nothing for them. What
 * may be absent for good reasons, such as data that the schema has, is none of them.
 */
export function misspeltNames(workflow: Workflow, step: ChannelStep, path: string, scope: RenderScope): string[] {
  const schema: Json | undefined = workflow.trigger_data_json_schema?.properties;
  const optional = isJsonObject(schema) ? Object.keys(schema) : [];
  const told: string[] = [];
  for (const [text, place] of textsOf(step.template, `${path}.template`)) {
    if (!text.includes("{{") && !text.includes("{%")) continue;
    const file = textFileOf(workflow, pointerTo(place));
    for (const { path: keys, line, column } of namesRead(text)) {
      const meant = meantPath(keys, scope, optional);
      if (meant === null) continue;
      const where = file === undefined ? `${place}, line ${line}, column ${column}` : `${file}:${line}:${column}`;
      told.push(`${where}: ${keys.join(".")} leads nowhere; did you mean "${meant}"?`);
    }
  }
  return told;
}
