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
  ...FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)),
];

const needsBrowser = (page: string): boolean => readPage(page).includes("playwright test");
if (!hasBrowser) console.warn(`notice: no ${CHROME}; recipes that need a browser are skipped`);

describe("the README, the guide and the recipes", () => {
  // `GOLDEN=write` writes the real outputs into the pages.
  it.for(PAGES.filter((page) => readBlocks(page).length > 0 && (hasBrowser || !needsBrowser(page))))(
    "%s has commands that succeed and print what the page shows",
    async (page, { collab, ops, shop }) => {
      const { failures, differences } = await runPage(page, { collab, ops, shop });
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
            !/^<!-- (run|install|not run: .+)\b/.test(line as string) && !/^npm ci && npm/.test(text as string),
        )
        .map(([, , text]) => `${page}: ${text}`),
    );
    expect(notRun).toEqual([]);
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
