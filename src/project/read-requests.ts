import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkSharedRequests, parseSharedRequest } from "../domain/workflow/parse-shared-request.js";
import { requestKeysOf, type SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { ProjectFolders } from "./project-folders.js";
import { readResource } from "./read-resource.js";

/** F-008: what is no key names no file. */
const KEY = /^[a-z0-9_-]+$/;

const MAIN_FILE = "request.json";

type Shown = (path: string) => string;

/** A shared request; null for none of that key. Throws `project_invalid`, `workflow_invalid` for a file it refers to. */
export async function readSharedRequest(
  key: string,
  folders: ProjectFolders,
  shown: Shown,
): Promise<SharedRequest | null> {
  const file = join(folders.folderOf("requests", key, MAIN_FILE), MAIN_FILE);
  if (!KEY.test(key) || !existsSync(file)) return null;
  return readResource({ path: file, shown: shown(file) }, { owner: "request" }, (raw) =>
    parseSharedRequest(key, raw, shown(file)),
  );
}

/** Reads what a workflow's steps share, for the faults in it. Throws `workflow_invalid`, `project_invalid`. */
export async function checkRequests(workflow: Workflow, folders: ProjectFolders, shown: Shown): Promise<void> {
  const requests = new Map<string, SharedRequest>();
  for (const key of requestKeysOf(workflow)) {
    const request = await readSharedRequest(key, folders, shown);
    if (request !== null) requests.set(key, request);
  }
  checkSharedRequests(workflow, requests, folders.keysIn("requests", MAIN_FILE));
}
