import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatNotices, isAllowed, packageFolders, readPackages } from "../../scripts/third-party-notices.mjs";

const ROOT = resolve(import.meta.dirname, "../..");

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "knock-notices-"));
  writeFileSync(join(root, "LICENSE"), "MIT License\n\nCopyright (c) us\n\nPermission is hereby granted.\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Creates a package in node_modules with these files. Returns a metafile of a bundle that contains its code. */
function bundled(manifest: object, files: Record<string, string> = {}) {
  const folder = join(root, "node_modules/part");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "part", version: "1.0.0", ...manifest }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return [{ outputs: { "a.cjs": { inputs: { "node_modules/part/index.js": { bytesInOutput: 7 } } } } }];
}

describe("third-party notices", () => {
  it.each<[string, boolean]>([
    ["MIT", true],
    ["(MIT OR GPL-3.0-only)", true],
    ["BSD-2-Clause AND MIT", true],
    ["MIT AND GPL-3.0-only", false],
    ["GPL-3.0-only", false],
    ["SEE LICENSE IN LICENSE.txt", false],
    ["UNLICENSED", false],
    ["Apache-2.0 WITH LLVM-exception", false],
  ])("allow the license expression %s: %s", (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });

  it("name packages that contribute code, also nested and scoped ones, and no others", () => {
    const inputs = {
      "src/main.ts": { bytesInOutput: 9 },
      "node_modules/@scope/one/a.js": { bytesInOutput: 1 },
      "node_modules/two/node_modules/three/b.js": { bytesInOutput: 1 },
      "node_modules/unused/c.js": { bytesInOutput: 0 },
    };
    expect(packageFolders([{ outputs: { "a.cjs": { inputs } } }])).toEqual([
      "node_modules/@scope/one",
      "node_modules/two/node_modules/three",
    ]);
  });

  it("quote license and notice files, and the standard text if a package has none", () => {
    const withFiles = bundled(
      { license: "Apache-2.0" },
      { LICENSE: "the text\r\n", "NOTICE.md": "a notice", "index.js": "x" },
    );
    expect(formatNotices(readPackages(root, withFiles))).toContain(
      "~~~~text\nthe text\n~~~~\n\n~~~~text\na notice\n~~~~",
    );
    for (const file of ["LICENSE", "NOTICE.md"]) rmSync(join(root, "node_modules/part", file));
    const without = bundled({ license: "MIT", author: { name: "Ada", email: "ada@lark.test" } });
    expect(formatNotices(readPackages(root, without))).toContain(
      "Copyright (c) Ada <ada@lark.test>\n\nPermission is hereby granted.",
    );
  });

  it("print terms that packages share once, with the copyright of each", () => {
    const packages = ["one", "two", "three"].map((name) => ({
      name,
      version: "1.0.0",
      license: "MIT",
      texts: [
        name === "three" ? "Other terms." : `MIT License\n\nCopyright (c) ${name}\n\nPermission is\nhereby granted.\n`,
      ],
    }));
    const notices = formatNotices(packages);
    expect(notices.match(/hereby granted/g)).toHaveLength(1);
    expect(notices).toContain(
      "## two 1.0.0\n\nLicense: MIT\n\n~~~~text\nMIT License\nCopyright (c) two\n~~~~\n\n[License text 1](#license-text-1)",
    );
    expect(notices).toContain("## License text 1\n\n~~~~text\nPermission is\nhereby granted.\n~~~~");
    expect(notices).toContain("~~~~text\nOther terms.\n~~~~");
  });

  it.each<[string, object]>([
    ["part@1.0.0 (node_modules/part) names no license", {}],
    ["the license GPL-3.0-only is not on the list", { license: "GPL-3.0-only" }],
    ["has no license file, and its author", { license: "MIT" }],
    ["has no license file, and its author or the text of Zlib", { license: "Zlib", author: "Ada" }],
  ])("fail with: %s", (message, manifest) => {
    expect(() => readPackages(root, bundled(manifest))).toThrow(message);
  });

  it("are built for every bundle", () => {
    const notices = readFileSync(join(ROOT, "THIRD-PARTY-NOTICES.md"), "utf8");
    // One of each: the command, the page, a package added late, a package within a package, and WebAssembly.
    for (const name of ["liquidjs", "preact", "undici", "slick", "mrml"]) expect(notices).toContain(`\n## ${name} `);
    expect(notices).not.toMatch(/\n## (typescript|vitest|esbuild) /);
  });
});
