import { resolve } from "node:path";
import type { CommandContext } from "../../context/command-context.js";
import { isLiveKey } from "../../context/confirm-live-key.js";
import { isInsideFolder } from "../../context/is-inside-folder.js";
import type { CommandResult, SharedEngine } from "../../context/run-command.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ServedEngine } from "../../ports/served-engine.js";
import type { Project } from "../../project/open-project.js";

/** A command line in parts, so that no value can be taken for an option. */
export interface CommandLine {
  /** The command and its subcommand. */
  words: readonly string[];
  /** Options by their long name without dashes. True is an option without a value; undefined and false are left out. */
  options?: Readonly<Record<string, string | boolean | undefined>>;
  arguments?: readonly string[];
  /** Standard input. */
  input?: string;
  /** Whether the command uses the account instead of the local engine. */
  isRemote?: boolean;
  /** Whether the command uses no project. */
  isGlobal?: boolean;
}

/** The rights of a server on the account. */
export interface AccountAccess {
  read: boolean;
  write: boolean;
}

/** The project that a server works with, and how its tools run commands. */
export interface Host {
  account: AccountAccess;
  faults: ServedEngine["faults"];
  run(
    command: CommandLine & { isJson: boolean },
    signal: AbortSignal,
    onProgress?: (text: string) => void,
  ): Promise<CommandResult>;
  /** Returns whether a trigger needs sandbox mode, so that nothing is delivered. Faults do not apply in that mode. */
  needsSandboxMode(): Promise<boolean>;
  /** Empties the local store, and fills it as it is when it is first opened. */
  reset(keep: { recipients: boolean }): Promise<void>;
  /** Finds the project again for each call, because its files may change. Throws `project_missing`. */
  findProject(): Promise<Pick<Project, "root" | "knockDir" | "workflowKeys">>;
}

interface HostOptions {
  /** The flags that select the project and its store, as they were given to the server. */
  flags: Pick<TargetFlags, "project" | "knockDir" | "environment" | "store">;
  account: AccountAccess;
  faults: ServedEngine["faults"];
  engine: SharedEngine;
  needsSandboxMode: Host["needsSandboxMode"];
  reset: Host["reset"];
}

/** Options of a command that takes its value from the server's flags. */
function listProjectOptions({ project, knockDir, environment, store }: HostOptions["flags"]): CommandLine["options"] {
  return { project, "knock-dir": knockDir, environment, store };
}

const LIVE_KEY = /^(?:sk|pk)_live(?:_|$)/;

function toWords(options: CommandLine["options"] = {}): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [value === true ? `--${name}` : `--${name}=${value}`],
  );
}

/**
 * Returns the settings of the account. Throws `confirmation_needed` for a live key, whatever the settings allow, and also for a server
 * on this computer, which may be a proxy.
 */
async function readAccountOptions(
  flags: HostOptions["flags"],
  context: CommandContext,
): Promise<CommandLine["options"]> {
  const { api_key, base_url } = await context.settings.get({ ...flags, target: "remote" });
  const isLive = (key: string): boolean => isLiveKey(key, base_url.value) || LIVE_KEY.test(key);
  if (api_key.value !== null && isLive(api_key.value))
    throw new KnockError("confirmation_needed", "the API key is a live key, which tools never use", {
      hint: "Configure a test key (sk_test_…) for this server.",
    });
  // The checked key is the one that is used, even if a profile changes during the call.
  return { target: "remote", "api-key": api_key.value ?? undefined, "base-url": base_url.value };
}

/** Creates the host of a server whose tools run commands of this process. */
export function createHost({ flags, engine, ...parts }: HostOptions, context: CommandContext): Host {
  return {
    ...parts,
    findProject() {
      context.files.forget();
      return context.files.require(flags);
    },
    async run({ words, options, arguments: values = [], input, isJson, ...scope }, signal, onProgress) {
      const { isRemote, isGlobal } = scope;
      const argv = [
        ...words,
        ...toWords({ ...(isGlobal ? {} : listProjectOptions(flags)), ...options, json: isJson }),
        ...(isRemote ? toWords(await readAccountOptions(flags, context)) : []),
        ...(values.length > 0 ? ["--", ...values] : []),
      ];
      return context.runCommand({
        argv,
        signal,
        env: { KNOCK_TARGET: "local" },
        ...(input === undefined ? {} : { input }),
        ...(onProgress === undefined ? {} : { onProgress }),
        engine,
      });
    },
  };
}

/** Returns absolute paths of files of the project. Throws `usage` for one outside, because a tool reads only the project. */
export async function toProjectPaths(paths: readonly string[], host: Host): Promise<string[]> {
  const { root } = await host.findProject();
  return paths.map((path) => {
    const full = resolve(root, path);
    if (!isInsideFolder(root, full))
      throw new KnockError("usage", `${JSON.stringify(path)} is outside the project`, {
        hint: `Use a path below ${root}.`,
      });
    return full;
  });
}
