import { expect, it } from "vitest";
import { checkFile } from "../../scripts/check-patterns.mjs";

const check = (text: string, allowed?: readonly string[]): string[] => checkFile("a.ts", text, allowed).faults;

it.each([
  ["const A = /^(a+)+$/;", "a.ts:1: /^(a+)+$/: takes exponential time"],
  ["f(\n  /(<a[^<>]*?)\\s+x/g);", "a.ts:2: /(<a[^<>]*?)\\s+x/g: takes quadratic time"],
  ['const B = "[a-z]*";\nconst A = new RegExp(`^${B}\\\\w*x$`, "g");', "a.ts:2: `^${B}\\\\w*x$`: takes quadratic time"],
  [
    'const A = new RegExp([String.raw`\\s+$`, "b"].join("|"));',
    'a.ts:1: [String.raw`\\s+$`, "b"].join("|"): takes quadratic time',
  ],
  ["const f = (b) => new RegExp(b);", "a.ts:1: b: cannot be read"],
])("reports %j", (text, fault) => {
  expect(check(text)).toEqual([fault]);
});

it("accepts linear patterns, copies of patterns, and what is allowed with a reason", () => {
  expect(check("const A = /^[a-z]+x$/g;\nconst B = new RegExp(A);\nconst f = (b) => new RegExp(b);", ["b"])).toEqual(
    [],
  );
});

it("reports an exception that nothing needs", () => {
  expect(check("const A = /a/;", ["b"])).toEqual(["a.ts: b is allowed but not found"]);
});
