import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import type { StoreSubject } from "./store-subject.js";

/** A folder inside the repository, so that the bundle finds the store's driver. */
const FOLDER = "node_modules/.cache/store-contract";

const bundles = new Map<string, Promise<string>>();

/** Bundles the script of the child processes with this store into one file that plain Node can run, once per store. */
export function bundleChild({ module }: StoreSubject): Promise<string> {
  const { path, openFunction, options = {} } = module;
  const name = [path, ...Object.values(options)].join("-").replaceAll(/\W+/g, "-");
  let bundle = bundles.get(name);
  if (bundle === undefined) {
    const outfile = `${FOLDER}/${name}-${process.pid}.cjs`;
    mkdirSync(FOLDER, { recursive: true });
    const contents = `import { ${openFunction} as open } from "./${path}";\nimport { runChild } from "./test/contract/store/child-script.ts";\nvoid runChild((location) => open(location, ${JSON.stringify(options)}));\n`;
    bundle = build({
      stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
      bundle: true,
      platform: "node",
      format: "cjs",
      // Bundled packages load in half the time of the files in node_modules.
      external: ["node:sqlite"],
      mainFields: ["module", "main"],
      define: { "import.meta.dirname": "__dirname" },
      outfile,
      logLevel: "error",
    }).then(() => outfile);
    bundles.set(name, bundle);
  }
  return bundle;
}

export async function removeBundles(): Promise<void> {
  for (const bundle of bundles.values()) rmSync(await bundle, { force: true });
  bundles.clear();
}

export interface Child {
  process: ChildProcess;
  /** The lines of its standard output so far. */
  lines: string[];
  /** Resolves when that many lines have arrived or the process has ended. */
  untilLines(count: number): Promise<void>;
  ended: Promise<{ code: number | null; errors: string }>;
}

export function startChild(bundle: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, errors })),
  );
  const untilLines = (count: number): Promise<void> =>
    Promise.race([
      ended.then(() => {}),
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (lines.length >= count) resolve();
        };
        waiting.add(check);
        check();
      }),
    ]);
  return { process: child, lines, untilLines, ended };
}
