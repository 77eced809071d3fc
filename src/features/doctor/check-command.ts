import { realpathSync } from "node:fs";
import { findPackageFolder } from "../../util/find-package-folder.js";
import { isExecutable } from "../../util/is-executable.js";
import { findInstallation, OFFICIAL_PACKAGE } from "./find-installations.js";
import type { DoctorCheck } from "./report-schema.js";

/** Checks which program the name `knock` starts: another one that comes first on the search path, such as the official command. */
export function checkCommand(searchPath: string, startedAs: string): Omit<DoctorCheck, "name"> {
  const found = findInstallation("knock", searchPath);
  if (found === null) return { status: "ok", message: `started as ${startedAs}; no knock is on the search path` };
  const { path, package: owner } = found;
  const own = isExecutable() ? process.execPath : realpathSync(findPackageFolder());
  // Some package managers start commands with programs of their own, so an unknown one is no reason for a warning.
  const unknown = realpathSync(path) === own ? "" : ", which is not in a known package";
  if (owner === null) return { status: "ok", message: `knock starts ${path}${unknown}` };
  if (owner.folder === own) return { status: "ok", message: `knock starts ${path}` };
  const name = owner.name === OFFICIAL_PACKAGE ? "the official command" : "another installation of this command";
  const message = `knock starts ${name}, version ${owner.version}: ${path}`;
  if (!/\bknock$/.test(startedAs)) return { status: "ok", message: `started as ${startedAs}; ${message}` };
  return {
    status: "warning",
    message,
    hint: "Start this one as `knock-cli` or with `npx knock-cli`, or put its folder first on PATH.",
  };
}
