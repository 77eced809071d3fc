import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readPayloadLines } from "../../src/input/payload-lines.js";

async function readEnds(format: string, text: string, chunkSize: number): Promise<number[]> {
  const bytes = Buffer.from(text);
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += chunkSize) chunks.push(bytes.subarray(start, start + chunkSize));
  const source = {
    cwd: "",
    readStdin: () => Readable.from(chunks),
    isPiped: () => true,
    isInterrupted: () => false,
    readFile: () => Readable.from([]),
  };
  const { groups } = await readPayloadLines({ file: "-", format }, source);
  const ends: number[] = [];
  for await (const group of groups) ends.push(...group.map(({ end }) => end));
  return ends;
}

const HEADER = "key,data.a\r\n";
it.for<[format: string, lines: string[]]>([
  ["jsonl", ["\ufeff{}\n", '{"a":"ü"}\r\n', "\n{}\n", "oops"]],
  ["csv", [`${HEADER}a,b\r\n`, 'ü,"x\r\n""y"\r\n', "\r\nc,d\r\n", "e,f"]],
])("each line of %s ends at the byte after its line break", async ([format, lines]) => {
  const expected = lines.map((_, index) => Buffer.byteLength(lines.slice(0, index + 1).join("")));
  for (const chunkSize of [1, 7, 1_000]) expect(await readEnds(format, lines.join(""), chunkSize)).toEqual(expected);
});
