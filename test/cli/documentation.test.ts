import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect } from "vitest";
import { EXIT } from "../../src/errors/error-codes.js";
import { describePages } from "../helpers/describe-pages.js";
import { DOCUMENTATION_PAGES, ROOT, readBlocks, readPage } from "../helpers/documentation-page.js";
import { cliTest as it } from "../helpers/run-knock.js";

/** Guides whose files are those of the sample project `tracker`. */
const TRACKER_GUIDES = [
  "fetch-and-webhook-steps",
  "translations",
  "tenants-and-branding",
  "waits-and-sources",
  "schedules",
  "react-feed",
];

// The pages of these folders are in files of their own, so that workers run them at the same time.
describePages("the README and the skill", (page) => !/^docs\/(guide|recipes)\//.test(page));

describe("the README, the guide and the recipes", () => {
  it("run every block of shell commands, except installation", () => {
    const notRun = DOCUMENTATION_PAGES.flatMap((page) =>
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
    const blocks = readBlocks(`docs/guide/${name}.md`);
    const merges = blocks.filter(({ kind }) => kind === "merge");
    // A guide may write a file in several steps. The last one is the file of the project.
    const files = new Map(blocks.filter(({ kind }) => kind === "file").map(({ value = "", text }) => [value, text]));
    expect(merges.length + files.size).toBeGreaterThan(0);
    for (const [path, text] of files) expect(text, path).toBe(tracker.read(path));
    for (const { value = "", text } of merges) expect(JSON.parse(tracker.read(value))).toMatchObject(JSON.parse(text));
  });

  it.each(DOCUMENTATION_PAGES)("%s links only to files that exist", (page) => {
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
