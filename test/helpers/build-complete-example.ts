import { readFileSync } from "node:fs";
import { isJsonObject, type Json, type JsonObject } from "../../src/util/json.js";

const SECTION = readFileSync(new URL("../../docs/internals/catalog/workflow-format.md", import.meta.url), "utf8").split(
  "\n## 20. ",
)[1] as string;
const [WORKFLOW, BLOCKS] = [...SECTION.matchAll(/```json\n([\s\S]*?)```/g)].map(
  (block) => JSON.parse(block[1] as string) as Json,
);

/** Replaces every file reference with a text, or with the example's visual blocks. */
function resolveFiles(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(resolveFiles);
  if (!isJsonObject(value)) return value as Json;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] => {
      if (key === "visual_blocks@") return ["visual_blocks", resolveFiles(BLOCKS)];
      return key.endsWith("@") ? [key.slice(0, -1), `text of ${String(inner)}`] : [key, resolveFiles(inner)];
    }),
  );
}

/** Returns the complete example of the format's reference (section 20), with its file references resolved. */
export const buildCompleteExample = (): JsonObject => resolveFiles(WORKFLOW) as JsonObject;
