import { existsSync } from "node:fs";
import { join } from "node:path";
import { RESOURCE_KEY } from "../domain/resource/resource-id.js";
import { checkSharedRequests, parseSharedRequest } from "../domain/workflow/parse-shared-request.js";
import { collectRequestKeys, type SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { ProjectFolders } from "./project-folders.js";
import { type OnInvalid, type RunCheck, readResource } from "./read-resource.js";

const MAIN_FILE = "request.json";

type DisplayPath = (path: string) => string;

/** Returns the shared request with this key, or null. Throws `project_invalid`, or `workflow_invalid` for a referenced file. */
export async function readSharedRequest(
  key: string,
  folders: ProjectFolders,
  displayPath: DisplayPath,
  onInvalid?: OnInvalid,
): Promise<SharedRequest | null> {
  const file = join(folders.resolveFolder("requests", key, MAIN_FILE), MAIN_FILE);
  if (!RESOURCE_KEY.test(key) || !existsSync(file)) return null;
  return readResource({ path: file, displayPath: displayPath(file) }, { owner: "request", onInvalid }, (raw) =>
    parseSharedRequest(key, raw, displayPath(file)),
  );
}

/** Checks the requests that a workflow's steps share. Throws `workflow_invalid` or `project_invalid`. */
export async function checkRequestReferences(
  workflow: Workflow,
  folders: ProjectFolders,
  displayPath: DisplayPath,
  runCheck: RunCheck,
): Promise<void> {
  const requests = new Map<string, SharedRequest>();
  for (const key of collectRequestKeys(workflow))
    await runCheck(async () => {
      const request = await readSharedRequest(key, folders, displayPath);
      if (request !== null) requests.set(key, request);
    });
  const keys = folders.listKeys("requests", MAIN_FILE).filter((key) => RESOURCE_KEY.test(key));
  await runCheck(() => checkSharedRequests(workflow, requests, keys));
}
