import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { isJsonObject } from "../../util/json.js";

const PACKAGE = "knock-cli";

/** Returns the nearest folder with a `package.json`, from a folder up to its repository; null without one. */
function findPackageFolder(folder: string, repository: string): string | null {
  for (let current = folder; ; current = dirname(current)) {
    if (existsSync(join(current, "package.json"))) return current;
    if (current === repository || dirname(current) === current) return null;
  }
}

/** Returns the dependencies of a `package.json`, with their versions or paths. A file that is not JSON has none. */
function readDependencies(file: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isJsonObject(content)) return {};
    return Object.assign({}, ...["dependencies", "devDependencies"].map((key) => content[key] ?? {}));
  } catch {
    return {};
  }
}

/** Returns the command that installs the packed command from a folder of the repository. */
export const getInstallCommand = (version: string): string =>
  `npm install --save-dev ./vendor/${PACKAGE}-${version}.tgz`;

/** Returns why `npm ci` would fail in CI, or would not install the command, for the project in `root`. */
export function checkCiInstallation(root: string, repository: string, version: string): string[] {
  const install = `Copy ${PACKAGE}-${version}.tgz to vendor/ and run \`${getInstallCommand(version)}\``;
  const folder = findPackageFolder(root, repository);
  const withoutNode = "Run `knock docs recipes/without-node` to see a workflow without Node.";
  if (folder === null) return [`CI will fail at npm ci: there is no package.json. ${install}. ${withoutNode}`];
  const warnings: string[] = [];
  const dependencies = readDependencies(join(folder, "package.json"));
  if (!Object.hasOwn(dependencies, PACKAGE))
    warnings.push(`CI will not find knock: package.json has no dependency ${PACKAGE}. ${install}.`);
  for (const [name, version] of Object.entries(dependencies)) {
    if (typeof version !== "string" || !version.startsWith("file:")) continue;
    const target = resolve(folder, version.slice("file:".length));
    if (relative(repository, target).split(sep)[0] !== "..") continue;
    warnings.push(
      `CI will fail at npm ci: the dependency ${name} is outside of the repository (${version}). Copy it to vendor/ and install it from there.`,
    );
  }
  if (!existsSync(join(folder, "package-lock.json")))
    warnings.push("CI will fail at npm ci: there is no package-lock.json. Run `npm install` and commit the file.");
  return warnings;
}
