import { join } from "node:path";
import { getInstallCommand } from "./check-ci-installation.js";
import { type CiProject, type InstalledCommand, REVIEW_PAGE, TEST_COMMAND } from "./ci-project.js";

/** Returns the name of the repository on GitHub that contains the actions, such as `owner/repository`; null elsewhere. */
function getActionRepository(address: string | null): string | null {
  return /^https:\/\/github\.com\/([\w.-]+\/[\w.-]+)$/.exec(address ?? "")?.[1] ?? null;
}

const indent = (lines: readonly string[], spaces: number): string =>
  lines.map((line) => (line === "" ? "" : `${" ".repeat(spaces)}${line}`)).join("\n");

/** Runs the command that `npm ci` installs, until the address of the actions is known. */
function buildInstalledSteps() {
  const install = [
    "- uses: actions/setup-node@v4",
    "  with:",
    "    node-version: 22",
    "- name: Install",
    "  run: npm ci",
  ];
  return {
    command: "npx knock-cli",
    setup: install,
    review: (folder: string): string[] => [
      ...install,
      "- name: Review the change",
      `  run: npx knock-cli review --post github --html ${REVIEW_PAGE}`,
      "  env:",
      "    GITHUB_TOKEN: ${{ github.token }}",
      ...buildUpload("knock-review", folder, REVIEW_PAGE),
    ],
  };
}

function buildActionSteps(repository: string, version: string) {
  return {
    command: "knock",
    setup: [`- uses: ${repository}/actions/setup@v${version}`],
    review: (folder: string): string[] => [
      `- uses: ${repository}/actions/review@v${version}`,
      ...(folder === "" ? [] : ["  with:", `    project: ${JSON.stringify(folder)}`]),
    ],
  };
}

function buildUpload(name: string, folder: string, path: string): string[] {
  return [
    "- name: Upload the reports",
    "  if: ${{ always() }}",
    "  uses: actions/upload-artifact@v4",
    "  with:",
    `    name: ${name}`,
    `    path: ${JSON.stringify(folder === "" ? path : `${folder}/${path}`)}`,
    "    if-no-files-found: ignore",
  ];
}

/** Returns the workflow of GitHub Actions that checks and reviews a project, and whether `npm ci` installs the command. */
export function buildGitHubWorkflow(
  { repository, folder }: CiProject,
  { version, address }: InstalledCommand,
): { path: string; content: string; usesNpm: boolean } {
  const actions = getActionRepository(address);
  const steps = actions === null ? buildInstalledSteps() : buildActionSteps(actions, version);
  const note =
    actions === null
      ? ` npm ci installs knock-cli from the repository: copy the
# package to vendor/, run ${getInstallCommand(version)}, and commit both.`
      : "";
  const defaults = folder === "" ? [] : ["defaults:", "  run:", `    working-directory: ${JSON.stringify(folder)}`];
  return {
    path: join(repository, ".github", "workflows", "knock.yml"),
    usesNpm: actions === null,
    content: `# Tests the notification workflows, and reviews each pull request in a comment.${note}
name: knock
on:
  pull_request:
  push:
    branches: [main, master]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 10
${indent([...defaults, "steps:", "  - uses: actions/checkout@v4"], 4)}
${indent(
  [
    ...steps.setup,
    "- name: Validate the project",
    `  run: ${steps.command} validate --strict --format github`,
    "- name: Run the scenarios",
    `  run: ${steps.command} ${TEST_COMMAND} --reporter github`,
    ...buildUpload("knock-reports", folder, "reports/"),
  ],
  6,
)}
  review:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: read
      pull-requests: write # for the comment
${indent([...defaults, "steps:", "  - uses: actions/checkout@v4", "    with:", "      fetch-depth: 0 # for the base of the pull request"], 4)}
${indent(steps.review(folder), 6)}
`,
  };
}
