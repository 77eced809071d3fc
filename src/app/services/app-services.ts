import { resolve } from "node:path";
import type { CommandContext } from "../../commands/context.js";
import type { ProfileService } from "../../commands/services.js";
import type { ExpectationResult } from "../../domain/run/expectation.js";
import { redactApiKey } from "../../domain/trigger/api-request.js";
import type { Output } from "../../output/output.js";
import { once } from "../../util/once.js";
import { createBulkService } from "../bulk/create-bulk-service.js";
import { type Credentials, openCredentials } from "../credentials.js";
import type { ProcessIO } from "../process-io.js";
import { readFileInterruptibly } from "../read-interruptibly.js";
import { reportToGitHub } from "../report-to-github.js";
import { LocalProject } from "./local-project.js";
import { ProjectFiles } from "./project-files.js";
import { SettingsCache } from "./settings-cache.js";
import { TargetOpener } from "./target-opener.js";

/** Returns the stored profiles for display, with API keys redacted except for their prefix. */
function createProfileService(store: Credentials): ProfileService {
  return {
    path: store.path,
    list: () =>
      store.listProfiles().map((name) => {
        const { profile } = store.readProfile(name);
        const { api_key, base_url = null, branch = null, target = null } = profile ?? {};
        return {
          name,
          is_default: store.readDefaultProfileName() === name,
          api_key: api_key === undefined ? null : redactApiKey(api_key),
          base_url,
          branch,
          target,
        };
      }),
    write: (name, change) => store.writeProfile(name, change),
    delete: (name) => store.deleteProfile(name),
    getDefaultName: () => store.readDefaultProfileName(),
    setDefault: (name) => store.writeDefaultProfileName(name),
  };
}

/** The services of a command, together with the parts that command-specific services build on. */
export interface AppServices extends CommandContext {
  readonly io: ProcessIO;
  readonly files: ProjectFiles;
  readonly settings: SettingsCache;
  readonly project: LocalProject;
  readonly target: TargetOpener;
}

/** Creates the services of one command. No service opens anything before it is used. */
export function createServices(io: ProcessIO, output: Output, exit: CommandContext["setExitCode"]): AppServices {
  const { env, cwd } = io;
  const credentials = once(() => openCredentials(env, cwd));
  const profiles = once(() => createProfileService(credentials()));
  const files = new ProjectFiles(io);
  const settings = new SettingsCache(files, credentials, env, output);
  const project = new LocalProject(files, settings, env, output);
  const target = new TargetOpener(files, settings, project, io, output);
  return {
    io,
    files,
    settings,
    project,
    target,
    output,
    input: {
      cwd,
      readStdin: io.readStdin,
      isPiped: () => io.stdinIsPiped,
      isInterrupted: () => io.signal.aborted,
      readFile: (path) => readFileInterruptibly(resolve(cwd, path), path, io.signal),
    },
    argv: io.argv,
    get signal() {
      return io.signal;
    },
    setExitCode: exit,
    now: Date.now,
    sleep: io.sleep,
    confirm: io.confirm,
    askSecret: io.askSecret,
    reportUnmetExpectations(title: string, results: readonly ExpectationResult[]) {
      if (env.GITHUB_ACTIONS === "true") reportToGitHub(title, results, env, output);
    },
    get profiles() {
      return profiles();
    },
    async openBulkFiles() {
      return createBulkService(io);
    },
  };
}
