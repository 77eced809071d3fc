export declare function checkPage(
  page: string,
  text: string,
  readFile: (file: string) => string | null,
): { faults: string[]; count: number };
