interface Prose {
  file: string;
  line: number;
  kind: "document" | "comment" | "title" | "message";
  text: string;
}

export function readProse(only?: readonly string[]): Prose[];
