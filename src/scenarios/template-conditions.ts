import { join } from "node:path";
import { findTextFile } from "../domain/template/text-files.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { listMessageTexts } from "../engine/compile/compile-workflow.js";
import { parseText, toPointer } from "../engine/liquid/liquid.js";
import { listTemplateConditions } from "../engine/liquid/template-conditions.js";
import type { SharedTemplateSource } from "../engine/workflow/shared-templates.js";
import type { Definitions, OnTemplateCondition } from "../ports/definitions.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import { getValueAtPath, parsePointer } from "../util/json.js";
import { toTextPosition } from "../util/text-positions.js";
import type { StepCondition } from "./step-condition.js";

/** Returns the conditions in the templates of a workflow's messages, with their locations. Those of layouts and partials are not among them. */
export async function listStepConditions(
  workflow: Workflow,
  source: SharedTemplateSource,
  { knockDir, cwd }: { knockDir: string; cwd: string },
): Promise<StepCondition[]> {
  const texts = (await listMessageTexts(workflow, source)).flatMap(({ step, fieldPath }) => {
    const pointer = toPointer(fieldPath);
    const path = parsePointer(pointer);
    const text = getValueAtPath(workflow as unknown, path);
    if (typeof text !== "string") return [];
    const conditions = listTemplateConditions(parseText(text) ?? []);
    return conditions.length === 0
      ? []
      : [{ step, fieldPath, path, text, conditions, ownFile: findTextFile(workflow, pointer) }];
  });
  if (texts.length === 0) return [];
  const file = join(knockDir, "workflows", workflow.key, "workflow.json");
  const { locateValues } = await import("../project/add-file-locations.js");
  const places = await locateValues(
    { path: file, displayPath: formatDisplayPath(cwd, file) },
    texts.map(({ path }) => path),
  );
  return texts.flatMap(({ conditions, text, ownFile, ...rest }, at) =>
    conditions.map((condition, index): StepCondition => {
      const place = places[at] ?? null;
      const location =
        ownFile !== undefined
          ? { displayPath: ownFile, ...toTextPosition(text, condition.begin) }
          : place && {
              displayPath: place.displayPath,
              line: place.line,
              column: place.column + countJsonCharacters(text.slice(0, condition.begin)),
            };
      return { ...condition, ...rest, index, location };
    }),
  );
}

/** Returns the characters of a text in JSON, with the quote before it. */
const countJsonCharacters = (text: string): number => JSON.stringify(text).length - 1;

/** Returns definitions whose templates report the results of their conditions, also those of branches. */
export function observeDefinitions(definitions: Definitions, onTemplateCondition?: OnTemplateCondition): Definitions {
  if (onTemplateCondition === undefined) return definitions;
  const observe = (branch: Definitions | null) => branch && { ...branch, onTemplateCondition };
  return { ...definitions, onTemplateCondition, branch: (slug) => observe(definitions.branch?.(slug) ?? null) };
}
