import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { deepMerge, type JsonObject } from "../../src/util/json.js";
import { startCommandBridge } from "./command-bridge.js";
import { eventually } from "./eventually.js";
import { findFreePort } from "./find-free-port.js";
import { CHROME } from "./page-reader.js";
import { quoteShellWord, type Sample, type SampleName } from "./run-knock.js";
import { startSmtpReceiver } from "./smtp-receiver.js";

export const ROOT = resolve(import.meta.dirname, "../..");

const FOLDERS = ["docs/guide", "docs/recipes"].filter((folder) => existsSync(join(ROOT, folder)));

/** The pages whose commands are run and compared. */
export const DOCUMENTATION_PAGES = [
  "README.md",
  "skills/knock/SKILL.md",
  ...FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)),
];

/**
 * A fenced block and the marker before it:
 * - `run: collab` runs shell commands in a copy of a sample project, `run: empty` in a new folder, and `run` in the
 *   folder of the block before it
 * - `output` is what the block before it prints, both outputs together
 * - `session: collab` has commands after `$ `, each with its output, which run in a copy of a sample project
 * - `file: <path>` is written to the current folder, and `merge: <path>` is merged into a JSON file of it
 * - `start` is a command that prints something when it is ready, and runs until the page ends
 * - `install` names packages, which are linked from the repository's `node_modules`
 * - `not run: <reason>` is only read
 */
interface Block {
  kind: "run" | "output" | "session" | "file" | "merge" | "start" | "install" | "not run";
  value: string | undefined;
  language: string;
  text: string;
  /** The position of `text` in its page. */
  start: number;
}

const BLOCK =
  /^<!-- (run|output|session|file|merge|start|install|not run)(?:: ([^>]+?))? -->\n+```(\w+)\n([\s\S]*?)^```$/gm;

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

export function readBlocks(page: string): Block[] {
  return [...readPage(page).matchAll(BLOCK)].map((match) => {
    const [all, kind, value, language, text = ""] = match;
    const start = match.index + all.length - "```".length - text.length;
    return { kind: kind as Block["kind"], value, language: language as string, text, start };
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences start with one
const ANSI_SEQUENCES = /\u001b\[[0-9;]*m/g;

/** Replaces values that differ between runs: IDs, times, durations that depend on the time, ports and folders. */
function replaceVariableParts(text: string): string {
  return text
    .replace(ANSI_SEQUENCES, "")
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>")
    .replace(/\b(?=[a-f]*\d)[0-9a-f]{8}\b/g, "<id>") // of a commit: one in 40 has only digits
    .replace(/\b[0-9A-Za-z]{27}\b/g, "<message id>")
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z/g, "<time>")
    .replace(/\b\d\d:\d\d(:\d\d)?Z/g, "<time>")
    .replace(/\bin \d+(ms|[smhdw])( \d+[smh])?/g, "in <duration>")
    .replace(/\d+(ms|[smhdw])( \d+[smh])? ahead/g, "<duration> ahead")
    .replace(/\b\d+(\.\d+)?ms\b/g, "<duration>")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replace(/[ \t\r]+$/gm, "");
}

/** Returns whether output is as printed on a page, on which `…` replaces any text, and a line of it any number of lines. */
function matchesOutput(expected: string, actual: string): boolean {
  const pattern = replaceVariableParts(expected)
    .trim()
    .split("\n")
    .map((line) =>
      line.trim() === "…" ? "(?:.*\\n)*?" : `${line.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("…", ".*")}\n`,
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(`${replaceVariableParts(actual).trim()}\n`);
}

/** Returns the commands of a session with their outputs. */
function parseSession(text: string): { command: string; output: string }[] {
  return text
    .split(/^\$ /m)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [command = "", ...lines] = part.trimEnd().split("\n");
      return { command, output: lines.join("\n") };
    });
}

/** Links packages and their commands, as installing them would do. Returns the names that are not dependencies of this project. */
function linkPackages(names: readonly string[], folder: string): string[] {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  return names.filter((name) => {
    const sources = [join(import.meta.dirname, "packages", name), join(ROOT, "node_modules", name)];
    const source = name === "knock-cli" ? ROOT : sources.find(existsSync);
    if (source === undefined) return true;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(source, join(modules, name));
    const { bin = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    const commands: Record<string, string> = typeof bin === "string" ? { [name]: bin } : bin;
    for (const [command, file] of Object.entries(commands))
      symlinkSync(join(source, file), join(modules, ".bin", command));
    return false;
  });
}

/** Returns the packages that an `npm install` command names, or whose packed files it names. */
function readPackageNames(text: string): string[] {
  const words = text
    .split("\n")
    .filter((line) => line.startsWith("npm install "))
    .join(" ")
    .split(/\s+/);
  return words
    .filter((word) => word !== "npm" && word !== "install" && word !== "" && !word.startsWith("-"))
    .map((word) => word.replace(/^\.\/.*\/(.+)-\d+\.\d+\.\d+\.tgz$/, "$1"));
}

interface BlockFailure {
  text: string;
  exitCode: number;
  output: string;
}

interface PageResult {
  failures: BlockFailure[];
  /** Blocks of output that differ, with the real output. */
  differences: { block: Block; actual: string }[];
}

/** The port of the mail server in the pages. */
const MAIL_PORT = "1025";
/** Ports on which commands of the pages listen. */
const LISTENING_PORTS = ["3000", "8484", "9465"];

/** The author of commits, which readers have configured. */
const GIT_IDENTITY = {
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
};

/** Returns the commands of a GitHub workflow, except the installation. */
function readWorkflowCommands(text: string): string[] {
  const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  return commands.filter((command) => command !== "npm ci");
}

/** The limits of this project's tests. Vitest's own limit of 5 seconds ends tests while all processors are busy. */
const VITEST_LIMITS = "--testTimeout=600000 --hookTimeout=600000";

/** Replaces `npm test` and `npm run <name>` with the scripts of `package.json`, because npm takes as long as a test. */
function replaceNpmScripts(text: string, folder: string): string {
  return text.replace(/^npm (?:run )?(\S+)$/gm, (_, name: string) => {
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `sh -c ${quoteShellWord(scripts[name].replace(/^vitest run\b/, `$& ${VITEST_LIMITS}`))}`;
  });
}

/** Runs the blocks of a page in order, with free ports and with a mail server if the page uses one. */
export async function runPage(page: string, samples: Record<SampleName, Sample>): Promise<PageResult> {
  const blocks = readBlocks(page);
  const uses = (port: string): boolean => blocks.some(({ text }) => text.includes(port));
  const mail = uses(MAIL_PORT) ? await startSmtpReceiver() : undefined;
  const ports = new Map(mail === undefined ? [] : [[MAIL_PORT, String(mail.port)]]);
  for (const port of LISTENING_PORTS) if (uses(port)) ports.set(port, String(await findFreePort()));
  const replacePorts = (text: string): string => text.replace(/\b\d{4}\b/g, (number) => ports.get(number) ?? number);
  const restorePorts = (text: string): string =>
    [...ports].reduce((restored, [port, free]) => restored.replaceAll(`127.0.0.1:${free}`, `127.0.0.1:${port}`), text);
  const bridge = startCommandBridge();
  const started: number[] = [];
  try {
    const { failures, differences } = await runBlocks(blocks, samples, { replacePorts, bin: bridge.bin, started });
    return {
      failures,
      differences: differences.map(({ block, actual }) => ({ block, actual: restorePorts(actual) })),
    };
  } finally {
    bridge.close();
    await mail?.close();
    for (const pid of started) process.kill(pid);
  }
}

async function runBlocks(
  blocks: readonly Block[],
  samples: Record<SampleName, Sample>,
  { replacePorts, bin, started }: { replacePorts(text: string): string; bin: string; started: number[] },
): Promise<PageResult> {
  const result: PageResult = { failures: [], differences: [] };
  let sample = samples.collab;
  let cwd = ".";
  let folders = 0;
  let output = "";
  const runScript = (text: string) => {
    const commands = replacePorts(replaceNpmScripts(text, sample.path(cwd)));
    const script = `exec 2>&1\nset -e\nPATH="${bin}:$PWD/node_modules/.bin:$PATH"\n${commands}`;
    return sample.shell(script, { cwd, env: { CHROME_PATH: CHROME, ...GIT_IDENTITY } });
  };
  /** Starts a command that runs until the page ends, and waits for its first output. */
  const startCommand = async (text: string): Promise<void> => {
    const log = `started-${started.length}.log`;
    const { stdout } = await runScript(`${text.trim()} > ${log} 2>&1 &\necho $!`);
    started.push(Number(stdout));
    await eventually(() => readFileSync(join(sample.path(cwd), log), "utf8"));
  };
  const runShell = async (text: string): Promise<void> => {
    const { exitCode, stdout } = await runScript(text);
    output = stdout.replaceAll(sample.home, "/home/you").replace(ANSI_SEQUENCES, "");
    if (exitCode !== 0 || stdout === "") result.failures.push({ text, exitCode, output });
  };
  for (const block of blocks) {
    const { kind, value = "", text } = block;
    if (kind === "output") {
      if (!matchesOutput(text, output)) result.differences.push({ block, actual: output });
    } else if (kind === "session") {
      sample = samples[value as SampleName];
      cwd = ".";
      const actual: string[] = [];
      let isEqual = true;
      for (const { command, output: expected } of parseSession(text)) {
        // A copy of the sample project is the working directory already.
        const isChange = command.startsWith("cd ");
        if (!isChange) await runShell(command);
        isEqual &&= isChange || matchesOutput(expected, output);
        actual.push(`$ ${command}${isChange ? "" : `\n${output.trimEnd()}\n`}`);
      }
      if (!isEqual) result.differences.push({ block, actual: actual.join("\n").trimEnd() });
    } else if (kind === "file") {
      const file = join(sample.path(cwd), value);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, replacePorts(text));
      if (/\.ya?ml$/.test(value)) parse(text); // throws for invalid YAML
      if (value.startsWith(".github/workflows/"))
        for (const command of readWorkflowCommands(text)) await runShell(command);
    } else if (kind === "merge") {
      const file = join(sample.path(cwd), value);
      const [base, over] = [readFileSync(file, "utf8"), replacePorts(text)].map(
        (json) => JSON.parse(json) as JsonObject,
      );
      writeFileSync(file, JSON.stringify(deepMerge(base as JsonObject, over as JsonObject), null, 2));
    } else if (kind === "start") {
      await startCommand(text);
    } else if (kind === "install") {
      const missing = linkPackages(readPackageNames(text), sample.path(cwd));
      if (missing.length > 0) result.failures.push({ text, exitCode: 1, output: `unknown: ${missing.join(", ")}` });
    } else if (kind === "run") {
      if (value === "empty") {
        cwd = `../empty-${++folders}`;
        mkdirSync(sample.path(cwd), { recursive: true });
      } else if (value !== "") {
        sample = samples[value as SampleName];
        cwd = ".";
      }
      await runShell(text);
    }
  }
  return result;
}

/** Writes the real output into a page. */
export function writeOutputs(page: string, differences: PageResult["differences"]): void {
  let text = readPage(page);
  for (const { block, actual } of differences.toReversed())
    text = `${text.slice(0, block.start)}${actual.replace(/[ \t\r]+$/gm, "")}\n${text.slice(block.start + block.text.length)}`;
  writeFileSync(join(ROOT, page), text);
}
