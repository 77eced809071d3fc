import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { getInstallCommand } from "./check-ci-installation.js";

/** Returns the nearest folder with a Git repository. GitHub reads workflow files only there. */
function findRepositoryRoot(folder: string): string | null {
  for (let current = folder; ; current = dirname(current)) {
    if (existsSync(join(current, ".git"))) return current;
    if (dirname(current) === current) return null;
  }
}

/** Returns the path and the content of a GitHub Actions workflow that checks a project. */
export function buildGitHubWorkflow(
  root: string,
  version: string,
): { path: string; content: string; repository: string } {
  const repository = findRepositoryRoot(root) ?? root;
  const folder = relative(repository, root).replaceAll("\\", "/");
  const defaults =
    folder === "" ? "" : `    defaults:\n      run:\n        working-directory: ${JSON.stringify(folder)}\n`;
  const reports = folder === "" ? "reports/" : `${folder}/reports/`;
  return {
    repository,
    path: join(repository, ".github", "workflows", "knock.yml"),
    content: `# Checks the notification workflows on every push. npm ci installs knock-cli from the repository: copy the package to
# vendor/, run ${getInstallCommand(version)}, and commit both.
name: knock
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 10
${defaults}    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - name: Install
        run: npm ci
      - name: Validate the project
        run: npx knock-cli validate --strict --format github
      - name: Run the scenarios
        run: npx knock-cli test --reporter terminal --reporter github --reporter junit=reports/junit.xml --reporter html=reports/report.html
      - name: Upload the reports
        if: \${{ always() }}
        uses: actions/upload-artifact@v4
        with:
          name: knock-reports
          path: ${JSON.stringify(reports)}
          if-no-files-found: ignore
`,
  };
}
