import type {
  BrowserService,
  DevServices,
  InitService,
  LocalPartsService,
  WatchService,
  WorkflowService,
} from "../../commands/services.js";
import { LOCAL_FOLDER } from "../open-local.js";
import type { AppServices } from "./app-services.js";

/** Folders whose changes are not the project's: the store, and the data of other tools. */
const UNWATCHED = new Set([LOCAL_FOLDER, "node_modules", ".git"]);

/** Returns the variables that are set and not empty: an empty one counts as not set. */
function definedOf(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => !!pair[1]));
}

export function devServices({ target, surroundings, output }: AppServices): DevServices {
  return {
    async openEmulator(flags) {
      const { project, location } = await target.locate(flags);
      const { openProjectEmulator } = await import("../open-emulator.js");
      return openProjectEmulator(project, location, flags, surroundings, output);
    },
    async runCommand(command, variables, defaults) {
      const { runCommand } = await import("../run-shell.js");
      return runCommand(command, { ...defaults, ...definedOf(surroundings.env), ...variables }, surroundings);
    },
  };
}

export function localPartsService({ target, surroundings, output }: AppServices): LocalPartsService {
  return {
    async openLocalParts(flags) {
      const { project, location } = await target.locate(flags);
      const { openLocalParts } = await import("../open-local-parts.js");
      const parts = await openLocalParts(project, location, surroundings, output);
      target.track(parts.operations);
      return parts;
    },
  };
}

export function workflowService({ files, project, target }: AppServices): WorkflowService {
  return {
    async readWorkflows(key, given) {
      const flags = { ...given, target: "local" };
      const found = (await project.filesOf(flags)) ?? (await files.require(flags));
      const { readWorkflowViews } = await import("../read-workflow-views.js");
      return readWorkflowViews(found, await target.openForCheck(flags), key);
    },
  };
}

export function watchService({ files, settings, target, surroundings }: AppServices): WatchService {
  return {
    async watchProject(flags) {
      const { root } = await files.require(flags);
      const { watchFolder } = await import("../watch-folder.js");
      const isUnwatched = (name: string): boolean => name.split(/[\\/]/).some((part) => UNWATCHED.has(part));
      const changed = watchFolder(root, isUnwatched, surroundings.signal);
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

export function browserService({ surroundings }: AppServices): BrowserService {
  return {
    async showHtml(name, html) {
      const { openInBrowser } = await import("../open-in-browser.js");
      return openInBrowser(name, html, surroundings);
    },
  };
}

export function initService({ surroundings }: AppServices): InitService {
  return {
    async initProject(folder) {
      const { initProject } = await import("../init-project.js");
      return initProject(folder, surroundings.cwd);
    },
  };
}
