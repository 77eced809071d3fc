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

export interface Child {
  process: ChildProcess;
  /** The lines of its task so far. */
  lines: string[];
  /** Resolves when that many lines have arrived or the task has ended. */
  untilLines(count: number): Promise<void>;
  /** Resolves when the task or the process has ended. */
  ended: Promise<{ code: number | null; errors: string }>;
}

interface RunningProcess {
  process: ChildProcess;
  errors: string;
  /** Receives the lines of the current task. An empty line is its end. */
  onLine: (line: string) => void;
  closed: Promise<number | null>;
}

/** Processes without a task, by bundle. Starting one takes longer than most tasks. */
const idle = new Map<string, RunningProcess[]>();

function startProcess(bundle: string): RunningProcess {
  const child = spawn(process.execPath, [bundle], { stdio: ["pipe", "pipe", "pipe"] });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const started: RunningProcess = { process: child, errors: "", onLine: () => {}, closed };
  child.stdin.on("error", () => {}); // The process was killed.
  child.stderr.on("data", (chunk) => {
    started.errors += String(chunk);
  });
  createInterface({ input: child.stdout }).on("line", (line) => started.onLine(line));
  return started;
}

/** Gives a task to a process that has none, or to a new one. */
export function startChild(bundle: string, ...task: string[]): Child {
  const waiting = idle.get(bundle) ?? [];
  idle.set(bundle, waiting);
  const running = waiting.pop() ?? startProcess(bundle);
  const lines: string[] = [];
  const checks = new Set<() => void>();
  const hasEnded = new Promise<number | null>((resolve) => {
    running.onLine = (line) => {
      if (line === "") {
        waiting.push(running);
        resolve(0);
      } else {
        lines.push(line);
        for (const check of checks) check();
      }
    };
  });
  const ended = Promise.race([hasEnded, running.closed]).then((code) => ({ code, errors: running.errors }));
  running.process.stdin?.write(`${JSON.stringify(task)}\n`);
  const untilLines = (count: number): Promise<void> =>
    Promise.race([
      ended.then(() => {}),
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (lines.length >= count) resolve();
        };
        checks.add(check);
        check();
      }),
    ]);
  return { process: running.process, lines, untilLines, ended };
}

/** Ends all processes, and removes the bundles. */
export async function removeBundles(): Promise<void> {
  for (const running of [...idle.values()].flat()) {
    running.process.stdin?.end();
    const code = await running.closed;
    if (code !== 0) throw new Error(`a process ended with ${code}: ${running.errors}`);
  }
  idle.clear();
  for (const bundle of bundles.values()) rmSync(await bundle, { force: true });
  bundles.clear();
}
