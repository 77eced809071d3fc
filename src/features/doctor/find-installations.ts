import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { isJsonObject } from "../../util/json.js";

/** The npm package of the service's official command, which has the same name as this one. */
export const OFFICIAL_PACKAGE = "@knocklabs/cli";
/** The npm package of this command. */
const OWN_PACKAGE = "knock-cli";

/** A program that a name on the search path starts. */
interface Installation {
  path: string;
  /** The npm package that contains the program, if it is known. */
  package: { name: string; version: string; folder: string } | null;
}

function readPackage(folder: string): Installation["package"] {
  try {
    const document: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const { name, version } = isJsonObject(document) ? document : {};
    return name === OFFICIAL_PACKAGE || name === OWN_PACKAGE ? { name, version: String(version), folder } : null;
  } catch {
    return null; // It does not exist, or cannot be read.
  }
}

/** Returns the package with a program: around the program itself, or, as npm installs it on Windows, beside its script. */
function findPackage(path: string): Installation["package"] {
  const around: string[] = [];
  for (let folder = dirname(realpathSync(path)); folder !== dirname(folder); folder = dirname(folder))
    around.push(folder);
  const beside = [OFFICIAL_PACKAGE, OWN_PACKAGE].map((name) => join(dirname(path), "node_modules", name));
  for (const folder of [...around, ...beside]) {
    const found = readPackage(folder);
    if (found !== null) return found;
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile(); // A project has a folder of this name.
  } catch {
    return false;
  }
}

/** Returns the program that a shell starts for a name; null if no folder of the path has it. */
export function findInstallation(name: string, searchPath: string): Installation | null {
  const extensions = process.platform === "win32" ? [".exe", ".cmd"] : [""];
  for (const folder of searchPath.split(delimiter)) {
    if (folder === "" || !existsSync(folder)) continue;
    const path = extensions.map((extension) => join(folder, `${name}${extension}`)).find(isProgram);
    if (path !== undefined) return { path, package: findPackage(path) };
  }
  return null;
}
