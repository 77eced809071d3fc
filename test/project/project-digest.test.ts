import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { computeProjectDigest } from "../../src/project/project-digest.js";

const FILES = {
  "environment.json": '{\n  "name": "staging"\n}\n',
  "workflows/order/workflow.json": '{\n  "steps": []\n}\n',
  "workflows/order/email_1/html_body.html": "<p>{{ data.total }}</p>\n",
  "partials/sign/partial.json": "{}",
  "translations/en.json": "{}",
};

describe("the digest of a project", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function computeDigest(files: Record<string, string>, environmentName?: string): string {
    const knockDir = mkdtempSync(join(tmpdir(), "knock-digest-"));
    folders.push(knockDir);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(knockDir, file)), { recursive: true });
      writeFileSync(join(knockDir, file), text);
    }
    return computeProjectDigest({ knockDir, environmentName });
  }

  it("does not depend on the folder, the order of its files and line endings", () => {
    const reversed = Object.fromEntries(Object.entries(FILES).reverse());
    const windows = Object.fromEntries(
      Object.entries(FILES).map(([file, text]) => [file, text.replaceAll("\n", "\r\n")]),
    );
    expect(new Set([FILES, reversed, windows].map((files) => computeDigest(files)))).toHaveLength(1);
  });

  it.each([
    ["recipients/users.json", "[]"],
    ["schedules/daily.json", "[]"],
    ["workflows/order/order.test.yaml", "workflow: order"],
    ["workflows/order/__snapshots__/order.json", "{}"],
    ["workflows/order/.order.swp", "x"],
    ["environments/production.json", "{}"],
    ["README.md", "x"],
  ])("ignores %s, which does not decide what runs do", (file, text) => {
    expect(computeDigest({ ...FILES, [file]: text })).toBe(computeDigest(FILES));
  });

  it.each(Object.keys(FILES))("differs if %s differs, is missing or has another name", (file) => {
    const { [file as keyof typeof FILES]: text, ...others } = FILES;
    const digests = [FILES, { ...others, [file]: `${text} ` }, others, { ...others, [`x${file}`]: text }];
    // A renamed file outside the known folders is as good as missing.
    expect(new Set(digests.map((files) => computeDigest(files))).size).toBeGreaterThanOrEqual(3);
  });

  it("covers the settings of the chosen environment", () => {
    const files = { ...FILES, "environments/production.json": "{}" };
    expect(computeDigest(files, "production")).not.toBe(computeDigest(files));
    const changed = { ...files, "environments/production.json": '{ "variables": {} }' };
    expect(computeDigest(changed, "production")).not.toBe(computeDigest(files, "production"));
  });
});
