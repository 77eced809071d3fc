import type { Workflow } from "./workflow.js";

/** JSON pointer of a text → the file it was read from. Beside the workflow and not in it: a version is its content. */
const textFiles = new WeakMap<Workflow, ReadonlyMap<string, string>>();

/** Keeps which of a workflow's texts stand in files of their own, for errors to name them (F-055). */
export function rememberTextFiles(workflow: Workflow, files: ReadonlyMap<string, string>): void {
  textFiles.set(workflow, files);
}

/** The file a text was read from, as it is shown; undefined where it stands in workflow.json, or the workflow in the store. */
export function textFileOf(workflow: Workflow, pointer: string): string | undefined {
  return textFiles.get(workflow)?.get(pointer);
}
