import { expect, it } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { run } from "../../src/app/run.js";
import type { ProcessIO } from "../../src/context/process-io.js";

/** Returns the help of `notify` as it is written to a stream. */
async function helpOn(stream: { isTTY: boolean; columns?: number }): Promise<string> {
  let text = "";
  const stdout = { ...stream, write: (more: string) => (text += more) };
  const surroundings = { argv: ["notify", "--help"], env: {}, cwd: "/", version: "1.0.0", stdout, stderr: stdout };
  expect((await run(PROGRAM, surroundings as unknown as ProcessIO)).code).toBe(0);
  return text;
}

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));

it("help is as wide as its terminal, and has 80 columns in a pipe", async () => {
  const options = (text: string): string => /^Payload:\n[\s\S]*?\n(?=Examples:)/m.exec(text)?.[0] ?? "";
  expect(widest(options(await helpOn({ isTTY: true, columns: 60 })))).toBeLessThanOrEqual(60);
  const wide = widest(options(await helpOn({ isTTY: true, columns: 140 })));
  expect(wide).toBeGreaterThan(80);
  expect(wide).toBeLessThanOrEqual(140);
  expect(await helpOn({ isTTY: false })).toBe(await helpOn({ isTTY: true, columns: 80 }));
});
