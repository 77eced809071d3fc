export declare function checkFile(
  file: string,
  text: string,
  allowed?: readonly string[],
): { faults: string[]; count: number };
