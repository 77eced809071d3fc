import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkSharedRequests, parseSharedRequest } from "../domain/parse-shared-request.js";
import { requestKeysOf, type SharedRequest } from "../domain/shared-request.js";
import type { Workflow } from "../domain/workflow.js";
import { readProjectJson } from "./read-json-file.js";
import { resolveFileReferences } from "./resolve-file-references.js";

/** F-008: what is no key names no file. */
const KEY = /^[a-z0-9_-]+$/;

interface Place {
  /** The folder `requests`. */
  folder: string;
  shown(path: string): string;
  namesIn(folder: string): string[];
}

/** A shared request; null for none of that key. Throws `project_invalid`, `workflow_invalid` for a file it refers to. */
export async function readSharedRequest(key: string, { folder, shown }: Place): Promise<SharedRequest | null> {
  const resourceDir = join(folder, key);
  const file = join(resourceDir, "request.json");
  if (!KEY.test(key) || !existsSync(file)) return null;
  const raw = await resolveFileReferences(await readProjectJson(file, shown(file)), {
    from: resourceDir,
    resourceDir,
    shown: shown(file),
    used: new Set(),
    owner: "request",
  });
  return parseSharedRequest(key, raw, shown(file));
}

/** Reads what a workflow's steps share, for the faults in it. Throws `workflow_invalid`, `project_invalid`. */
export async function checkRequests(workflow: Workflow, place: Place): Promise<void> {
  const requests = new Map<string, SharedRequest>();
  for (const key of requestKeysOf(workflow)) {
    const request = await readSharedRequest(key, place);
    if (request !== null) requests.set(key, request);
  }
  const keys = place.namesIn(place.folder).filter((key) => existsSync(join(place.folder, key, "request.json")));
  checkSharedRequests(workflow, requests, keys.sort());
}
