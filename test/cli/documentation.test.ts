import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect } from "vitest";
import { EXIT } from "../../src/errors/error-codes.js";
import { ROOT, readBlocks, readPage, runPage, writeOutputs } from "../helpers/documentation-page.js";
import { CHROME, hasBrowser } from "../helpers/page-reader.js";
import { cliTest as it } from "../helpers/run-knock.js";

const FOLDERS = ["docs/guide", "docs/recipes"].filter((folder) => existsSync(join(ROOT, folder)));
const PAGES = [
  "README.md",
  "skills/knock/SKILL.md",
  ...FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)),
];

/** Guides whose files are those of the sample project `tracker`. */
const TRACKER_GUIDES = [
  "fetch-and-webhook-steps",
  "translations",
  "tenants-and-branding",
  "waits-and-sources",
  "schedules",
  "react-feed",
];

const needsBrowser = (page: string): boolean => readPage(page).includes("playwright test");
if (!hasBrowser) console.warn(`notice: no ${CHROME}; recipes that need a browser are skipped`);

describe("the README, the guide and the recipes", () => {
  // `GOLDEN=write` writes the real outputs into the pages.
  it.for(PAGES.filter((page) => readBlocks(page).length > 0 && (hasBrowser || !needsBrowser(page))))(
    "%s has commands that succeed and print what the page shows",
    async (page, { collab, ops, shop, tracker }) => {
      const { failures, differences } = await runPage(page, { collab, ops, shop, tracker });
      expect(failures).toEqual([]);
      if (process.env.GOLDEN === "write") writeOutputs(page, differences);
      else for (const { block, actual } of differences) expect(actual).toBe(block.text);
    },
  );

  it("run every block of shell commands, except installation", () => {
    const notRun = PAGES.flatMap((page) =>
      [...readPage(page).matchAll(/(.*)\n+```sh\n([\s\S]*?)```/g)]
        .filter(
          ([, line, text]) =>
            !/^<!-- (run|start|install|not run: .+)\b/.test(line as string) && !/^npm ci && npm/.test(text as string),
        )
        .map(([, , text]) => `${page}: ${text}`),
    );
    expect(notRun).toEqual([]);
  });

  it.for(TRACKER_GUIDES)("docs/guide/%s.md builds a part of the sample project tracker", (name, { tracker }) => {
    const files = readBlocks(`docs/guide/${name}.md`).filter(({ kind }) => kind === "file" || kind === "merge");
    expect(files.length).toBeGreaterThan(0);
    for (const { kind, value = "", text } of files)
      if (kind === "file") expect(text, value).toBe(tracker.read(value));
      else expect(JSON.parse(tracker.read(value))).toMatchObject(JSON.parse(text));
  });

  it.each(PAGES)("%s links only to files that exist", (page) => {
    const targets = [...readPage(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target as string);
    const missing = targets.filter(
      (target) => !/^https?:/.test(target) && !existsSync(join(ROOT, dirname(page), target)),
    );
    expect(missing).toEqual([]);
  });

  it("have a command for every exit code except that of bugs", () => {
    const outputs = readBlocks("docs/recipes/exit-codes.md").filter(({ kind }) => kind === "output");
    const codes = outputs.flatMap(({ text }) => [...text.matchAll(/^exit (\d+)/gm)].map(([, code]) => Number(code)));
    expect(new Set([...codes, EXIT.internal])).toEqual(new Set(Object.values(EXIT)));
  });

  it("keep the README within 150 lines", () => {
    expect(readPage("README.md").split("\n").length).toBeLessThanOrEqual(151);
  });
});
