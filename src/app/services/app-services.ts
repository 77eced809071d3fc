import { resolve } from "node:path";
import type { CommandContext } from "../../commands/context.js";
import type { ExpectationResult } from "../../domain/run/expectation.js";
import type { Output } from "../../output/output.js";
import { once } from "../../util/once.js";
import { openCredentials } from "../credentials.js";
import { reportToGitHub } from "../github-actions.js";
import { readFileInterruptibly } from "../read-interruptibly.js";
import type { Surroundings } from "../surroundings.js";
import { ValidDocumentCache } from "../valid-document-cache.js";
import { LocalProject } from "./local-project.js";
import { ProjectFiles } from "./project-files.js";
import { SettingsResolver } from "./settings-resolver.js";
import { storedProfiles } from "./stored-profiles.js";
import { TargetOpener } from "./target-opener.js";

/** The services of a command, with the parts that the services of single commands build on. */
export interface AppServices extends CommandContext {
  readonly surroundings: Surroundings;
  readonly validDocuments: ValidDocumentCache;
  readonly files: ProjectFiles;
  readonly settings: SettingsResolver;
  readonly project: LocalProject;
  readonly target: TargetOpener;
}

/** Creates the services of one command. None opens anything before it is used. */
export function createServices(surroundings: Surroundings, output: Output, exit: CommandContext["exit"]): AppServices {
  const { env, cwd } = surroundings;
  const credentials = once(() => openCredentials(env, cwd));
  const profiles = once(() => storedProfiles(credentials()));
  const { cachePrefix } = surroundings;
  const validDocuments = new ValidDocumentCache(cachePrefix === null ? null : `${cachePrefix}-documents.txt`);
  const files = new ProjectFiles(surroundings, validDocuments);
  const settings = new SettingsResolver(files, credentials, env, output);
  const project = new LocalProject(files, settings, env, output);
  const target = new TargetOpener(files, settings, project, surroundings, output);
  return {
    surroundings,
    validDocuments,
    files,
    settings,
    project,
    target,
    output,
    input: {
      cwd,
      readStdin: surroundings.readStdin,
      isPiped: () => surroundings.stdinIsPiped,
      isInterrupted: () => surroundings.signal.aborted,
      readFile: (path) => readFileInterruptibly(resolve(cwd, path), path, surroundings.signal),
    },
    argv: surroundings.argv,
    get signal() {
      return surroundings.signal;
    },
    exit,
    now: Date.now,
    sleep: surroundings.sleep,
    confirm: surroundings.confirm,
    askSecret: surroundings.askSecret,
    reportUnmet(title: string, results: readonly ExpectationResult[]) {
      if (env.GITHUB_ACTIONS === "true") reportToGitHub(title, results, env, output);
    },
    get profiles() {
      return profiles();
    },
  };
}
