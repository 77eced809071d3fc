import { join, resolve } from "node:path";
import {
  type BrowserService,
  type CompletionService,
  type DevServices,
  type DoctorService,
  type InitService,
  type LocalTargetService,
  type TypesService,
  toLocalFlags,
  type WatchService,
  type WorkerService,
  type WorkflowService,
} from "../../commands/services.js";
import type { AccountService } from "../../commands/shared/account-service.js";
import type { ForecastService } from "../../commands/shared/forecast-service.js";
import type { ReplayService } from "../../commands/shared/replay-service.js";
import type { StoreService } from "../../commands/shared/store-service.js";
import type { TestService, ValidationService } from "../../commands/shared/test-service.js";
import { KnockError } from "../../errors/knock-error.js";
import { MAX_CONCURRENT_READS } from "../../replay/map-concurrently.js";
import type { EmailTools } from "../emails/email-tools.js";
import { formatStoreLocation, isPostgresLocation, LOCAL_FOLDER, resolveLocation } from "../store-location.js";
import { createReportService } from "../test/report-service.js";
import type { AppServices } from "./app-services.js";

/** Folders that are not part of the project, so their changes are ignored: the store, and the data of other tools. */
const UNWATCHED = new Set([LOCAL_FOLDER, "node_modules", ".git"]);

/** Returns the variables that are set and not empty. */
function filterDefined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => !!pair[1]));
}

export function createDevServices({ target, io, output }: AppServices): DevServices {
  return {
    async openEmulator(flags) {
      const { project, location, guardDeliveries } = await target.locate(flags);
      const { openProjectEmulator } = await import("../open-project-emulator.js");
      return openProjectEmulator(project, location, { ...flags, guardDeliveries }, io, output);
    },
    async runCommand(command, variables, defaults) {
      const { runCommand } = await import("../run-command.js");
      return runCommand(command, { ...defaults, ...filterDefined(io.env), ...variables }, io);
    },
  };
}

export function createLocalTargetService({ target, io, output }: AppServices): LocalTargetService {
  return {
    async openLocalTarget(flags) {
      const { project, location, guardDeliveries } = await target.locate(flags);
      const { openLocalTarget: openLocalParts } = await import("../open-local-target.js");
      const parts = await openLocalParts(project, location, io, output, guardDeliveries);
      target.track(parts.operations);
      return parts;
    },
  };
}

export function createWorkerService({ target, project: files, io, output }: AppServices): WorkerService {
  return {
    async isShared(flags) {
      return isPostgresLocation((await target.locate(flags)).location);
    },
    async openEngine(flags) {
      const { root } = (await target.locate(flags)).project;
      const { openTracing } = await import("../tracing/open-tracing.js");
      const warn = (text: string): void => output.warn(text);
      return target.openLocal(flags, await openTracing(io, { service: "knock-worker", root, warn }));
    },
    async runSharedWorker(options, flags) {
      const { project, location, guardDeliveries } = await target.locate(flags);
      const branch = await files.resolveBranch(project, flags);
      const { runSharedWorker } = await import("../worker/run-shared-worker.js");
      await runSharedWorker({ project, location, guardDeliveries, branch }, options, io, output);
    },
  };
}

export function createWorkflowService({ project, target }: AppServices): WorkflowService {
  return {
    async readWorkflows(key, flags) {
      const projectFiles = await project.requireLocalFiles(flags);
      const { readWorkflowViews } = await import("../read-workflow-views.js");
      return readWorkflowViews(projectFiles, await target.openForCheck(toLocalFlags(flags)), key);
    },
  };
}

export function createWatchService({ files, settings, target, io }: AppServices): WatchService {
  return {
    async watchProject(flags, ownFiles = []) {
      const { root } = await files.require(flags);
      const { watchFolder } = await import("../watch/watch-folder.js");
      const { createOwnFileFilter } = await import("../watch/own-files.js");
      const isOwnFile = createOwnFileFilter(ownFiles.map((path) => resolve(io.cwd, path)));
      const isUnwatched = (name: string): boolean =>
        name.split(/[\\/]/).some((part) => UNWATCHED.has(part)) || isOwnFile(join(root, name));
      const changed = watchFolder(root, isUnwatched, io.signal);
      return async () => {
        const isContinued = await changed();
        await target.close();
        files.forget();
        settings.forget();
        return isContinued;
      };
    },
  };
}

export function createBrowserService({ io }: AppServices): BrowserService {
  return {
    async openHtml(name, html) {
      const { openInBrowser } = await import("../open-in-browser.js");
      return openInBrowser(name, html, io);
    },
  };
}

export function createInitService({ io }: AppServices): InitService {
  return {
    async initProject(folder, options) {
      const { initProject } = await import("../init-project.js");
      return initProject(folder, io, options);
    },
  };
}

export function createStoreService({ target, io }: AppServices): StoreService {
  return {
    async copyStore(from, to, setProgress) {
      const { copyStore } = await import("../store-copy/copy-store.js");
      const [source, copy] = [from, to].map((location) => resolveLocation(location, io.cwd, io.env));
      return copyStore(source as string, copy as string, setProgress);
    },
    async migrateStore(flags) {
      const { location } = await target.locate(toLocalFlags(flags));
      if (isPostgresLocation(location)) {
        const { migratePostgresStore } = await import("../../store/postgres/open-postgres-store.js");
        await migratePostgresStore(location);
      } else {
        const { openStore } = await import("../open-store.js");
        await (await openStore(location)).close();
      }
      return formatStoreLocation(location);
    },
  };
}

export function createTestService({ files, io, output }: AppServices): TestService {
  return {
    ...createReportService(io, output),
    isCI: () => !["", "0", "false", undefined].includes(io.env.CI),
    async runTests(options, flags, onFile) {
      const project = await files.require(flags);
      const { TestRunner } = await import("../test/run-tests.js");
      return new TestRunner(project, io, options, output).run(onFile);
    },
  };
}

export function createValidationService({ files, settings, project, io, output }: AppServices): ValidationService {
  return {
    getVersion: () => io.version,
    toWorkspacePath: (path) => createReportService(io, output).toWorkspacePath(path),
    async validateProject(keys, flags, { checksEmails, fixes }) {
      const open = () => project.requireLocalFiles(flags);
      const { validateProject } = await import("../validate/validate-project.js");
      const { openEmailTools } = await import("../emails/email-tools.js");
      let emailTools: EmailTools | null = null;
      const validate = async () => {
        const opened = await open();
        const options = { root: opened.root, env: io.env, note: (text: string) => output.note(text) };
        if (checksEmails) emailTools ??= openEmailTools(options);
        return validateProject(opened, { keys, cwd: io.cwd, emailTools });
      };
      if (!fixes) return validate().finally(() => emailTools?.close());
      const { fixProject } = await import("../validate/fix-project.js");
      const reopen = (): void => {
        files.forget();
        settings.forget();
      };
      const warn = (text: string): void => output.warn(text);
      return fixProject({ cwd: io.cwd, validate, open, reopen, warn }).finally(() => emailTools?.close());
    },
  };
}

export function createTypesService({ project, io }: AppServices): TypesService {
  return {
    async generateTypes(options, flags) {
      const projectFiles = await project.requireLocalFiles(flags);
      const { generateTypes } = await import("../generate-types.js");
      return generateTypes(projectFiles, options, io.cwd);
    },
  };
}

export function createCompletionService(): CompletionService {
  return {
    async getCompletionScript(shell) {
      const { getCompletionScript } = await import("../completion/completion-script.js");
      return getCompletionScript(shell);
    },
  };
}

export function createDoctorService(app: AppServices): DoctorService {
  return {
    async runChecks(flags) {
      const { Doctor } = await import("../doctor/run-checks.js");
      return new Doctor(app, flags).run();
    },
  };
}

export function createForecastService({ project, io, output }: AppServices): ForecastService {
  const { writeReport } = createReportService(io, output);
  return {
    writeReport,
    async forecast(options, flags, setProgress) {
      const localProject = await project.requireLocalFiles(flags);
      const { runForecast } = await import("../forecast/run-forecast.js");
      return runForecast(options, {
        project: localProject,
        io,
        warn: (text, hint) => output.warn(text, hint),
        setProgress,
      });
    },
  };
}

/** Reading an account takes many requests. A refused one is repeated when the API allows it. */
const ACCOUNT_CONNECTION = { concurrency: MAX_CONCURRENT_READS, retries: 2, onRateLimited: () => {} };

/** Reports of replays contain messages and recipients. */
const OWNER_ONLY = 0o600;

export function createReplayService({ target, project, settings, io, output }: AppServices): ReplayService {
  return {
    ...createReportService(io, output, OWNER_ONLY),
    async replay(options, flags, setProgress) {
      const { project: main, location } = await target.locate(flags, true);
      const context = {
        project: (await project.findFiles(flags)) ?? main,
        io,
        warn: (text: string) => output.warn(text),
        setProgress,
      };
      const { replayAccount, replayFile, replayStore } = await import("../replay/replay-sources.js");
      const { file } = options;
      const isRemote = file === null && (await settings.getTarget(flags)) === "remote";
      if (isRemote) return replayAccount(await target.open(flags, "read", ACCOUNT_CONNECTION), options, context);
      if (options.limit !== null || options.keepsPersonalData)
        throw new KnockError("usage", "--limit and --keep-personal-data are only for triggers of the account", {
          hint: "Add --remote, without --file.",
        });
      if (file !== null) return replayFile(file.name, file.triggers, options, context);
      return replayStore(location, options, context);
    },
  };
}

export function createAccountService({ target, project, io, output }: AppServices): AccountService {
  return {
    async diff(trigger, options, { remote: _remote, ...flags }, setProgress) {
      const files = await project.requireLocalFiles(flags);
      const remote = await target.open({ ...flags, target: "remote" }, "write");
      const { runDiff } = await import("../account/run-diff.js");
      const context = { project: files, remote, io, warn: (text: string) => output.warn(text), setProgress };
      return runDiff(trigger, options, context);
    },
    async audit(users, workflows, { remote: _remote, ...flags }, setProgress) {
      const files = await project.requireLocalFiles(flags);
      const remote = await target.open({ ...flags, target: "remote" }, "read");
      const { runAudit } = await import("../account/run-audit.js");
      return runAudit(users, workflows, { project: files, resources: await remote.openResources(), setProgress });
    },
  };
}
