import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

/** The files of an optional feature with a command that prints a JSON document. */
const FEATURE = {
  "feature.ts": `
    import type { Feature } from "../../commands/shared/feature.js";
    import { toCandidate } from "../../commands/shared/feature.js";
    export const trial: Feature = {
      commands: { trial: async () => (await import("./command.js")).registerTrial },
      loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
      helpTopics: { trying: async () => ({ summary: "How files are tried", page: "docs/trial.md", buildBlocks: () => ["Text."] }) },
      loadCompletions: async () => ({ options: { "--from": async () => [toCandidate("production")] }, arguments: {} }),
    };`,
  "documents.ts": `
    import * as z from "zod/mini";
    import { describeDocument } from "../../output/documents/describe-document.js";
    export const DOCUMENTS = [
      describeDocument("trial", "Tried files", "The files.", z.object({ files: z.array(z.string()) })),
    ];`,
  "command.ts": `
    import type { Command } from "commander";
    import { COMMAND_GROUPS } from "../../commands/shared/help-groups.js";
    import { addCommonOptions } from "../../commands/shared/options.js";
    import type { CommandContext } from "../../context/command-context.js";
    export function registerTrial(program: Command, { output }: CommandContext): void {
      const command = program.command("trial").helpGroup(COMMAND_GROUPS.develop).summary("Try files").option("--from <name>", "the name");
      addCommonOptions(command).action(() => output.json({ files: [] }));
    }`,
};

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-trial-"));
  cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "src/features/trial"));
  for (const [name, text] of Object.entries(FEATURE)) writeFileSync(join(folder, "src/features/trial", name), text);
  const list = join(folder, "src/app/features.ts");
  const added = `import { trial } from "../features/trial/feature.js";\n${readFileSync(list, "utf8").replace("= [", "= [trial,")}`;
  writeFileSync(list, added);
  writeFileSync(join(folder, "schemas.ts"), `export { loadOutputDocuments } from "./src/app/published-schemas.js";`);
  await build({
    absWorkingDir: folder,
    entryPoints: { main: "src/main.ts", schemas: "schemas.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20.18",
    define: { __VERSION__: '"0.0.0"', "import.meta.dirname": JSON.stringify(join(ROOT, "src/context")) },
    logLevel: "error",
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  execa("node", [join(folder, "main.mjs"), ...args], { cwd: folder, env });

it("adds a feature with one folder and one entry of the list: its command, help, topic, completion and document", async () => {
  const help = (await run(["help"])).stdout;
  expect(help).toMatch(/^ {2}trial +Try files$/m);
  expect(help).toMatch(/^ {2}trying +How files are tried$/m);
  expect(JSON.parse((await run(["trial", "--from", "x", "--json"])).stdout)).toEqual({ files: [] });
  const completed = await run(["completion-server"], { COMP_LINE: "knock trial --fr", SHELL: "bash" });
  expect(completed.stdout.split("\n")).toEqual(["--from"]);
  const { loadOutputDocuments } = await import(join(folder, "schemas.mjs"));
  const documents: { name: string }[] = await loadOutputDocuments();
  expect(documents.map(({ name }) => name)).toContain("trial");
}, 60_000);
