import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REASONS } from "../../src/domain/run/outcome.js";

it("the guide has every reason with its meaning", () => {
  const guide = readFileSync("docs/guide/exit-codes-and-reasons.md", "utf8");
  const rows = guide.split("## Reasons")[1]?.matchAll(/^\| `(\w+)` \| (.+) \|$/gm) ?? [];
  expect(Object.fromEntries([...rows].map(([, code, meaning]) => [code, meaning]))).toEqual(REASONS);
});
