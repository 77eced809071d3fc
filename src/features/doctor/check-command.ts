import { realpathSync } from "node:fs";
import { execa } from "execa";
import type { ProcessIO } from "../../context/process-io.js";
import { findPackageFolder } from "../../util/find-package-folder.js";
import { isExecutable } from "../../util/is-executable.js";
import { findInstallation, OFFICIAL_PACKAGE } from "./find-installations.js";
import type { DoctorCheck } from "./report-schema.js";

const MAX_START_MS = 5_000;

/** Returns the version that a program prints, or null. */
async function readPrintedVersion(path: string, env: ProcessIO["env"]): Promise<string | null> {
  const options = { env, extendEnv: false, reject: false, timeout: MAX_START_MS, stdin: "ignore", all: true } as const;
  const { all } = await execa(path, ["--version"], options);
  return /\d{1,9}\.\d[\w.+-]*/.exec(all ?? "")?.[0] ?? null;
}

/** Checks which program the name `knock` starts: another one that comes first on the search path, such as the official command. */
export async function checkCommand({
  env,
  name: startedAs,
  version,
}: Pick<ProcessIO, "env" | "name" | "version">): Promise<Omit<DoctorCheck, "name">> {
  const found = findInstallation("knock", env.PATH ?? "");
  if (found === null) return { status: "ok", message: `started as ${startedAs}; no knock is on the search path` };
  const { path, package: owner } = found;
  const own = isExecutable() ? process.execPath : realpathSync(findPackageFolder());
  if (owner?.folder === own || realpathSync(path) === own) return { status: "ok", message: `knock starts ${path}` };
  // Some package managers start commands with programs of their own, which print the version of this one.
  const otherVersion = owner?.version ?? (await readPrintedVersion(path, env));
  if (owner === null && otherVersion === version) return { status: "ok", message: `knock starts ${path}` };
  const name =
    owner === null
      ? "another program"
      : owner.name === OFFICIAL_PACKAGE
        ? "the official command"
        : "another installation of this command";
  const message = `knock starts ${name}, ${otherVersion === null ? "which prints no version" : `version ${otherVersion}`}: ${path}`;
  if (!/\bknock$/.test(startedAs)) return { status: "ok", message: `started as ${startedAs}; ${message}` };
  return {
    status: "warning",
    message,
    hint: "Start this one as `knock-cli` or with `npx knock-cli`, or put its folder first on PATH.",
  };
}
