export declare function readNotes(changelog: string, version: string): string;
export declare function writeReleaseFiles(
  folder: string,
  repository: string,
  release: { version: string; changelog: string },
): void;
