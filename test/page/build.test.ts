import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { readBuiltPage } from "../helpers/page-reader.js";

const ROOT = join(import.meta.dirname, "../..");
const page = await readBuiltPage();

it("the page is one file of less than 60 kB compressed, without references to other files", () => {
  expect(gzipSync(page).length).toBeLessThan(60_000);
  expect(page).not.toMatch(/\b(src|href)="?https?:/);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page.match(/<\/script>/g)).toHaveLength(1);
});

it("the package contains the page, and notify's bundle contains neither the page nor the emulator", () => {
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
  expect(files).toContain("dist");
  const notify = readFileSync(join(ROOT, "dist/main-notify.cjs"), "utf8");
  for (const mark of ["/__knock/", "content-security-policy", "page.html", "EventSource"])
    expect(notify).not.toContain(mark);
  expect(readFileSync(join(ROOT, "dist/main.cjs"), "utf8")).toContain("/__knock/page/messages");
});
