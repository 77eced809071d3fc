import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect } from "vitest";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGES = ["README.md", ...readdirSync(join(ROOT, "docs/guide")).map((name) => `docs/guide/${name}`)];

interface Block {
  /** `run: collab` starts in a copy of a sample, `run: empty` in a new folder, `run` continues; `file: <path>` writes one. */
  marker: string;
  text: string;
}

function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

function readBlocks(page: string): Block[] {
  return [...readPage(page).matchAll(/<!-- ((?:run|file)\b[^>]*) -->\n+```\w+\n([\s\S]*?)\n```/g)].map(
    ([, marker = "", text = ""]) => ({ marker, text }),
  );
}

/** Runs the blocks of a page in order. Returns the commands that failed. */
async function runBlocks(blocks: readonly Block[], samples: Record<string, Sample>): Promise<string[]> {
  const failures: string[] = [];
  const { collab } = samples;
  let sample = collab as Sample;
  let cwd = ".";
  let folders = 0;
  for (const { marker, text } of blocks) {
    const [kind, value] = marker.split(/: ?/) as [string, string?];
    if (kind === "file") {
      const file = join(sample.path(cwd), value as string);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      continue;
    }
    if (value === "empty") {
      cwd = `../empty-${++folders}`;
      mkdirSync(sample.path(cwd), { recursive: true });
    } else if (value !== undefined) {
      sample = samples[value] as Sample;
      cwd = ".";
    }
    const { exitCode, stdout, stderr } = await sample.shell(`set -e\n${text}`, { cwd });
    if (exitCode !== 0 || stdout === "") failures.push(`${text}\nexit ${exitCode}\n${stdout}\n${stderr}`);
  }
  return failures;
}

describe("the README and the guide", () => {
  it.for(PAGES.filter((page) => readBlocks(page).length > 0))(
    "%s has commands that succeed",
    async (page, { collab, shop }) => {
      expect(await runBlocks(readBlocks(page), { collab, shop })).toEqual([]);
    },
  );

  it("run every block of shell commands, except installation", () => {
    const notRun = PAGES.flatMap((page) =>
      [...readPage(page).matchAll(/(.*)\n```sh\n([\s\S]*?)```/g)]
        .filter(([, line, text]) => !/^<!-- run\b/.test(line as string) && !/^npm ci && npm/.test(text as string))
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

  it("keep the README within 150 lines", () => {
    expect(readPage("README.md").split("\n").length).toBeLessThanOrEqual(151);
  });
});
