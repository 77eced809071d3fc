/**
 * The file of each text, by JSON pointer. It is not a part of the workflow, because a version is the content of a
 * workflow.
 */
const textFiles = new WeakMap<object, ReadonlyMap<string, string>>();

/**
 * Remembers which texts of a resource were read from separate files, so that errors can name these files
 * (F-055).
 */
export function rememberTextFiles(owner: object, files: ReadonlyMap<string, string>): void {
  textFiles.set(owner, files);
}

/**
 * Returns the display path of the file that a text was read from. Returns undefined if the text is in the main file or
 * the resource comes from the store.
 */
export function findTextFile(owner: object, pointer: string): string | undefined {
  return textFiles.get(owner)?.get(pointer);
}
