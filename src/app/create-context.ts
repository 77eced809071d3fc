import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandContext, TargetFlags } from "../commands/context.js";
import { unsetSecrets } from "../domain/environment/secret-variables.js";
import { checkTriggerData } from "../domain/shape/trigger-data-schema.js";
import { buildTriggerRequest, newIdempotencyKey, redactKey } from "../domain/trigger/trigger-request.js";
import { checkTrigger } from "../engine/workflow/check-trigger.js";
import { KnockError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import type { LocalOperations, Operations } from "../ports/operations.js";
import { findProject, type ProjectLocation } from "../project/find-project.js";
import { openProject, type Project } from "../project/open-project.js";
import { once } from "../util/once.js";
import { type Credentials, openCredentials } from "./credentials.js";
import { LOCAL_FOLDER, localBranch, openCheckStore, openLocal, openProjectStore, storeLocation } from "./open-local.js";
import { openRemoteTarget } from "./open-remote-target.js";
import { profilesOf } from "./profiles-of.js";
import { readFileInterruptibly } from "./read-interruptibly.js";
import { environmentSetting, resolveSettings, type Settings } from "./settings.js";
import type { Surroundings } from "./surroundings.js";

/** Not the project's own: the store, and what tools keep. */
const IGNORED = new Set([LOCAL_FOLDER, "node_modules", ".git"]);

function definedOf(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => !!pair[1]));
}

/** What only some commands need, and a bundle without them leaves out. */
export interface Parts {
  emulator?: () => Promise<typeof import("./open-emulator.js").openProjectEmulator>;
  local?: () => Promise<typeof import("./open-local-parts.js").openLocalParts>;
}

export interface OpenContext extends CommandContext {
  /** Returns the reason of an unexpected error, if a store that was opened is damaged; other errors unchanged. */
  explain(error: unknown): Promise<unknown>;
  /** Closes what was opened. */
  close(): Promise<void>;
}

/** Everything commands ask for, opened at the first asking. */
export function createContext(
  surroundings: Surroundings,
  output: Output,
  exit: CommandContext["exit"],
  parts: Parts,
): OpenContext {
  const { env, cwd } = surroundings;
  const opened: Operations[] = [];
  let credentials: Credentials | undefined;
  let checking: Promise<LocalOperations> | undefined;
  let project: Promise<Project | null> | undefined;

  const stored = (): Credentials => {
    credentials ??= openCredentials(env);
    return credentials;
  };
  const chosenEnvironment = (found: ProjectLocation, flags: TargetFlags): string | undefined =>
    environmentSetting({ flags, env, project: found.settings })?.value;
  const projectOf = (flags: TargetFlags): Promise<Project | null> => {
    project ??= findProject({ cwd, project: flags.project ?? null, knockDir: flags.knockDir ?? null }).then((found) =>
      found === null ? null : openProject({ ...found, environmentName: chosenEnvironment(found, flags) }, cwd),
    );
    return project;
  };

  const defaultProfile = once(() => stored().readDefaultProfileName());
  function readProfile(name: string | null): ReturnType<Parameters<typeof resolveSettings>[0]["profile"]> {
    const wanted = name ?? defaultProfile();
    if (wanted === null) return { name: null, profile: {} };
    const { profile, warning } = stored().readProfile(wanted);
    if (profile === null) {
      throw new KnockError("profile_invalid", `there is no profile "${wanted}" in ${stored().path}`, {
        hint: `knock auth login --profile ${wanted} makes it.`,
      });
    }
    if (warning) output.warn(warning);
    return { name: wanted, profile };
  }

  const settings = new Map<TargetFlags, Settings>();
  const settingsOf = async (flags: TargetFlags): Promise<Settings> => {
    const found = await projectOf(flags);
    const known = settings.get(flags);
    if (known) return known;
    const resolved = resolveSettings({ flags, env, project: found?.settings ?? {}, profile: readProfile });
    settings.set(flags, resolved);
    return resolved;
  };

  /** `isRemoteToo`: whether the command works on the remote target, too. */
  async function requireProject(flags: TargetFlags, isRemoteToo = false): Promise<Project> {
    const found = await projectOf(flags);
    if (found !== null) return found;
    throw new KnockError(
      "project_missing",
      "no knock.json here or in a folder above: the local target needs a project",
      {
        hint: `knock init makes one; --project names its folder${isRemoteToo ? "; --remote uses the API instead" : ""}.`,
      },
    );
  }

  const branches = new Map<Project, string | null>();
  const branchOf = async (found: Project, flags: TargetFlags): Promise<string | null> => {
    const known = branches.get(found);
    if (known !== undefined) return known;
    const branch = localBranch(found, (await settingsOf(flags)).branch, (text) => output.warn(text));
    branches.set(found, branch);
    return branch;
  };

  /** The project's files as the target uses them: locally with those of the branch. */
  async function filesOf(flags: TargetFlags): Promise<Project | null> {
    const found = await projectOf(flags);
    if (found === null) return null;
    const isLocal = (await settingsOf(flags)).target.value === "local";
    const branch = isLocal ? await branchOf(found, flags) : null;
    return (branch === null ? null : found.branch(branch)) ?? found;
  }

  async function openLocalTarget(flags: TargetFlags, isRemoteToo = false, openStore = openProjectStore) {
    const found = await requireProject(flags, isRemoteToo);
    const settings = await settingsOf(flags);
    const location = storeLocation(settings.store, found, cwd);
    const branch = await branchOf(found, flags);
    const engine = await openLocal(found, location, surroundings, {
      warn: (text) => output.warn(text),
      ...(branch === null ? {} : { branch }),
      openStore,
    });
    opened.push(engine);
    return engine;
  }

  return {
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
    async openOperations(flags) {
      const settings = await settingsOf(flags);
      return settings.target.value === "local"
        ? openLocalTarget(flags, true)
        : openRemoteTarget(flags, settings, surroundings, opened);
    },
    openLocal: (flags) => openLocalTarget(flags),
    async openLocalParts(flags) {
      if (parts.local === undefined) throw new Error("this build has no sources");
      const found = await requireProject(flags);
      const location = storeLocation((await settingsOf(flags)).store, found, cwd);
      const open = await parts.local();
      const made = await open(found, location, surroundings, output);
      opened.push(made.operations);
      return made;
    },
    async openEmulator(flags) {
      const found = await requireProject(flags);
      const location = storeLocation((await settingsOf(flags)).store, found, cwd);
      if (parts.emulator === undefined) throw new Error("this build has no emulator");
      const openProjectEmulator = await parts.emulator();
      return openProjectEmulator(found, location, flags, surroundings, output);
    },
    async runCommand(command, variables, defaults) {
      const { runCommand } = await import("./run-shell.js");
      return runCommand(command, { ...defaults, ...definedOf(env), ...variables }, surroundings);
    },
    async watchProject(flags) {
      const { root } = await requireProject(flags);
      const { watchFolder } = await import("./watch-folder.js");
      const isIgnored = (name: string): boolean => name.split(/[\\/]/).some((part) => IGNORED.has(part));
      const changed = watchFolder(root, isIgnored, surroundings.signal);
      return async () => {
        const more = await changed();
        for (const operations of opened.splice(0)) await operations.close();
        project = undefined;
        settings.clear();
        return more;
      };
    },
    async hasStore(flags) {
      const location = storeLocation((await settingsOf(flags)).store, await requireProject(flags, true), cwd);
      return location === ":memory:" || existsSync(location);
    },
    targetOf: async (flags) => (await settingsOf(flags)).target.value,
    async checkTrigger(trigger, flags) {
      const { target } = await settingsOf(flags);
      if (target.value === "local") {
        const found = await requireProject(flags, true);
        const branch = await branchOf(found, flags);
        await checkTrigger((branch === null ? null : found.branch(branch)) ?? found, trigger);
        return "checked";
      }
      const workflow = (await (await projectOf(flags))?.workflow(trigger.workflow)) ?? null;
      if (workflow === null) return "unchecked";
      checkTriggerData(workflow, trigger.data);
      return "checked";
    },
    namesWorkflow: async (word, flags) => ((await (await filesOf(flags))?.workflowKeys()) ?? []).includes(word),
    async stepNames(workflows, flags) {
      const files = await filesOf(flags);
      return files === null ? null : (await import("./project-names.js")).readStepNames(files, workflows);
    },
    async reportUnmet(title, results) {
      if (env.GITHUB_ACTIONS !== "true") return;
      (await import("./github-actions.js")).reportToGitHub(title, results, env, output);
    },
    workflowWarnings: async (workflow, flags) => (await projectOf(flags))?.workflowWarnings(workflow) ?? [],
    async readWorkflows(key, given) {
      const flags: TargetFlags = { ...given, target: "local" };
      const found = (await filesOf(flags)) ?? (await requireProject(flags));
      const { readWorkflowViews } = await import("./read-workflow-views.js");
      return readWorkflowViews(found, await openLocalTarget(flags, false, openCheckStore), key);
    },
    async projectWarnings(flags) {
      const { target } = await settingsOf(flags);
      const found = await projectOf(flags);
      if (target.value === "remote" || found === null) return [];
      return [...(await found.projectWarnings()), ...unsetSecrets(await found.environment(), (name) => env[name])];
    },
    openForCheck(flags) {
      checking ??= openLocalTarget(flags, true, openCheckStore);
      return checking;
    },
    async describeRequest(trigger, idempotencyKey, flags) {
      const { api_key, branch } = await settingsOf(flags);
      return buildTriggerRequest(trigger, {
        apiKey: api_key.value,
        branch: branch.value,
        userAgent: `knock-cli/${surroundings.version}`,
        idempotency_key: idempotencyKey ?? newIdempotencyKey(),
      });
    },
    async projectNames(flags) {
      const found = await projectOf(flags);
      return found === null ? null : (await import("./project-names.js")).readProjectNames(found);
    },
    async showHtml(name, html) {
      const { openInBrowser } = await import("./open-in-browser.js");
      return openInBrowser(name, html, surroundings.env);
    },
    profiles: () => profilesOf(stored()),
    async settings(flags) {
      const { target, base_url, api_key, branch, profile, store, environment } = await settingsOf(flags);
      return [
        { name: "target", ...target },
        { name: "base_url", ...base_url },
        { name: "api_key", value: api_key.value === null ? null : redactKey(api_key.value), source: api_key.source },
        { name: "branch", ...branch },
        { name: "profile", ...profile },
        { name: "store", ...store },
        { name: "environment", ...environment },
      ];
    },
    async initProject(folder) {
      const { initProject } = await import("./init-project.js");
      return initProject(folder, cwd);
    },
    async explain(error) {
      if (error instanceof KnockError) return error;
      for (const operations of opened) {
        const explained = operations.target === "local" ? await (operations as LocalOperations).explain(error) : error;
        if (explained !== error) return explained;
      }
      return error;
    },
    async close() {
      for (const operations of opened.splice(0)) await operations.close();
    },
  };
}
