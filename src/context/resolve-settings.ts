import type { ProjectSettings } from "../domain/project/project-file-schema.js";
import type { RecipientGuard } from "../domain/trigger/recipient-guard.js";
import { KnockError } from "../errors/knock-error.js";
import { suggestUnit } from "../input/parse-time.js";
import { parseDuration } from "../util/duration.js";
import type { EnvironmentVariables } from "./credentials.js";
import type { Profile } from "./profile-file.js";
import { createProjectGuard } from "./project-guard.js";
import type { TargetFlags } from "./target-flags.js";

export type SettingSource = "flag" | "environment" | "project" | "profile" | "default";

export interface Setting<T> {
  value: T;
  source: SettingSource;
}

const DEFAULT_BASE_URL = "https://api.knock.app";
/** The origin of the management API (CLI-002). */
const DEFAULT_MANAGEMENT_URL = "https://control.knock.app";
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Every setting with its source. The order of precedence is flag, environment variable, knock.json, profile, default.
 */
export interface Settings {
  target: Setting<"local" | "remote">;
  base_url: Setting<string>;
  api_key: Setting<string | null>;
  /** The base URL of the management API, which has the workflows and the other resources of an account. */
  management_url: Setting<string>;
  service_token: Setting<string | null>;
  branch: Setting<string | null>;
  profile: Setting<string | null>;
  store: Setting<string | null>;
  environment: Setting<string | null>;
  /** The address to which the local target delivers all emails. */
  redirect: Setting<string | null>;
  /** The guards of knock.json and of the profile. The remote target reaches only recipients that all of them allow. */
  recipientGuards: readonly RecipientGuard[];
  timeout_ms: number;
}

interface SettingSources {
  flags: TargetFlags;
  env: EnvironmentVariables;
  project: ProjectSettings;
  /** The paths of the files in errors. */
  projectFile: string;
  profileFile: () => string;
  /** Reads the profile with this name, or the default profile for null. It is called only when a setting needs it. */
  profile: (name: string | null) => { name: string | null; profile: Profile };
}

/** Returns the first candidate that is set, or null. An empty environment variable counts as not set. */
function pickFirst(candidates: readonly [SettingSource, string | undefined | null][]): Setting<string> | null {
  for (const [source, value] of candidates)
    if (value !== undefined && value !== null && value !== "") return { value, source };
  return null;
}

function resolveTargetFlag(flags: TargetFlags): string | undefined {
  const targets = [flags.target, flags.local ? "local" : undefined, flags.remote ? "remote" : undefined].filter(
    (value) => value !== undefined,
  );
  if (new Set(targets).size > 1)
    throw new KnockError("usage", "--local, --remote and --target contradict each other", {
      hint: "Give one of them.",
    });
  return targets[0];
}

function parseTimeout(flags: TargetFlags): number {
  if (flags.timeout === undefined) return DEFAULT_TIMEOUT_MS;
  const milliseconds = parseDuration(flags.timeout);
  if (milliseconds === undefined || milliseconds < 1)
    throw new KnockError("usage", `--timeout: ${JSON.stringify(flags.timeout)} is not a duration`, {
      hint: suggestUnit(flags.timeout) ?? "For example 30s or 2m.",
    });
  return milliseconds;
}

/** Returns the flag, variable or setting that a value comes from, for errors. */
export function describeSettingSource(
  setting: "target" | "base_url" | "management_url",
  source: SettingSource,
): string {
  const names: Record<SettingSource, string> = {
    flag: `--${setting.replace("_", "-")}`,
    environment: setting === "management_url" ? "KNOCK_MGMT_BASE_URL" : `KNOCK_${setting.toUpperCase()}`,
    project: `settings.${setting} in knock.json`,
    profile: `${setting} of the profile`,
    default: `the default ${setting}`,
  };
  return names[source];
}

/**
 * Returns which file of `environments/` is selected. It is resolved separately, because it is needed to read the
 * project, and the project is needed for the other settings.
 */
export function resolveEnvironmentSetting({
  flags,
  env,
  project,
}: Pick<SettingSources, "flags" | "env" | "project">): Setting<string> | null {
  return pickFirst([
    ["flag", flags.environment],
    ["environment", env.KNOCK_ENVIRONMENT],
    ["project", project.environment],
  ]);
}

/** Returns the guards that are configured. A profile's guard also applies if the API key comes from elsewhere. */
function listRecipientGuards(
  { project, projectFile, profileFile }: Pick<SettingSources, "project" | "projectFile" | "profileFile">,
  profileName: string | null,
  profile: Profile,
): RecipientGuard[] {
  const guards: RecipientGuard[] = [];
  const projectPatterns = project.recipients?.allow;
  if (projectPatterns !== undefined) guards.push(createProjectGuard(projectPatterns, projectFile));
  const profilePatterns = profile.recipients?.allow;
  if (profilePatterns !== undefined)
    guards.push({
      allow: profilePatterns,
      source: `recipients.allow of profile "${profileName}" in ${profileFile()}`,
      origin: "profile",
    });
  return guards;
}

export function resolveSettings(sources: SettingSources): Settings {
  const { flags, env, project, profile: readProfile } = sources;
  const profileSetting = pickFirst([
    ["flag", flags.profile],
    ["environment", env.KNOCK_PROFILE],
    ["project", project.profile],
  ]);
  const { name, profile } = readProfile(profileSetting?.value ?? null);
  const pick = (
    flag: string | undefined,
    variable: string | undefined,
    projectValue: string | undefined,
    stored: string | undefined,
  ): Setting<string> | null =>
    pickFirst([
      ["flag", flag],
      ["environment", variable],
      ["project", projectValue],
      ["profile", stored],
    ]);
  const target = pick(resolveTargetFlag(flags), env.KNOCK_TARGET, project.target, profile.target) ?? {
    value: "local",
    source: "default" as const,
  };
  if (target.value !== "local" && target.value !== "remote") {
    throw new KnockError(
      "usage",
      `${describeSettingSource("target", target.source)}: ${JSON.stringify(target.value)} is not a target`,
      {
        hint: "Use local or remote.",
      },
    );
  }
  const none = { value: null, source: "default" as const };
  return {
    target: target as Setting<"local" | "remote">,
    base_url: pick(flags.baseUrl, env.KNOCK_BASE_URL, project.base_url, profile.base_url) ?? {
      value: DEFAULT_BASE_URL,
      source: "default",
    },
    // An API key is never read from a project's file, because it would be committed with that file.
    api_key: pick(flags.apiKey, env.KNOCK_API_KEY, undefined, profile.api_key) ?? none,
    management_url: pick(flags.managementUrl, env.KNOCK_MGMT_BASE_URL, undefined, profile.management_url) ?? {
      value: DEFAULT_MANAGEMENT_URL,
      source: "default",
    },
    service_token: pick(flags.serviceToken, env.KNOCK_SERVICE_TOKEN, undefined, profile.service_token) ?? none,
    branch: pick(flags.branch, env.KNOCK_BRANCH, project.branch, profile.branch) ?? none,
    profile: profileSetting ?? (name === null ? none : { value: name, source: "default" }),
    store:
      pickFirst([
        ["flag", flags.store],
        ["environment", env.KNOCK_STORE],
        ["project", project.store],
      ]) ?? none,
    environment: resolveEnvironmentSetting({ flags, env, project }) ?? none,
    redirect: pick(undefined, undefined, project.recipients?.redirect, profile.recipients?.redirect) ?? none,
    recipientGuards: listRecipientGuards(sources, name, profile),
    timeout_ms: parseTimeout(flags),
  };
}
