/** JSON pointer of a text → the file it was read from. Beside the workflow and not in it: a version is its content. */
const textFiles = new WeakMap<object, ReadonlyMap<string, string>>();

/** Keeps which of the texts of a workflow, or of a guide, stand in files of their own, for errors to name them (F-055). */
export function rememberTextFiles(owner: object, files: ReadonlyMap<string, string>): void {
  textFiles.set(owner, files);
}

/** The file a text was read from, as it is shown; undefined where it stands in the main file, or the workflow in the store. */
export function findTextFile(owner: object, pointer: string): string | undefined {
  return textFiles.get(owner)?.get(pointer);
}
