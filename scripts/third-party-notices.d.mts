interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

interface BundledPackage {
  name: string;
  version: string;
  license: string;
  texts: string[];
}

export function isAllowed(expression: string): boolean;
export function packageFolders(metafiles: readonly Metafile[]): string[];
export function readPackage(root: string, folder: string): BundledPackage;
export function readPackages(
  root: string,
  metafiles: readonly Metafile[],
  copiedFolders?: readonly string[],
): BundledPackage[];
export function formatNotices(packages: readonly BundledPackage[]): string;
