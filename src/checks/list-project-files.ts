import { existsSync, readdirSync } from "node:fs";
import { join, parse } from "node:path";
import type { Workflow } from "../domain/workflow/workflow.js";
import { readProjectJson } from "../project/read-project-text.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { checkPayload, findPayloadWorkflow } from "./check-payload.js";

/** The folder beside knock.json with triggers for `knock notify --file`. */
export const PAYLOADS_FOLDER = "payloads";

/** Returns the data of the first file in `payloads/` that is valid for a workflow, or null. */
export async function readPayloadData(folder: string, workflow: Workflow): Promise<JsonObject | null> {
  for (const name of listFiles(folder, ".json")) {
    const payload = await readProjectJson(join(folder, name), name).catch(() => null);
    const { key } = workflow;
    const rules = {
      workflows: new Map([[key, workflow]]),
      keys: [key],
      isWholeProject: false,
      fileName: parse(name).name,
    };
    if (!isJsonObject(payload) || findPayloadWorkflow(payload, rules) !== key) continue;
    if (checkPayload(payload, rules).length === 0 && isJsonObject(payload.data)) return payload.data;
  }
  return null;
}

/** Returns the names of the files with an ending in a folder, none if it does not exist. */
export function listFiles(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending) && !name.startsWith("."))
    .sort();
}
