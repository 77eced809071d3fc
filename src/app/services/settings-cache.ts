import type { SettingsService, TargetFlags } from "../../commands/services.js";
import { redactApiKey } from "../../domain/trigger/api-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { once } from "../../util/once.js";
import { isTestKey } from "../confirm-live-key.js";
import type { Credentials, EnvironmentVariables } from "../credentials.js";
import type { Profile } from "../profile-file.js";
import { resolveSettings, type Settings } from "../resolve-settings.js";
import { formatStoreLocation } from "../store-location.js";
import type { ProjectFiles } from "./project-files.js";

/** Resolves the settings of a command once. */
export class SettingsCache implements SettingsService {
  private readonly resolved = new Map<TargetFlags, Promise<Settings>>();
  private readonly defaultProfile = once(() => this.credentials().readDefaultProfileName());

  constructor(
    private readonly files: ProjectFiles,
    private readonly credentials: () => Credentials,
    private readonly env: EnvironmentVariables,
    private readonly output: Output,
  ) {}

  get(flags: TargetFlags): Promise<Settings> {
    let settings = this.resolved.get(flags);
    if (settings === undefined) {
      settings = this.resolve(flags);
      this.resolved.set(flags, settings);
    }
    return settings;
  }

  async getTarget(flags: TargetFlags): Promise<"local" | "remote"> {
    return (await this.get(flags)).target.value;
  }

  async list(flags: TargetFlags): ReturnType<SettingsService["list"]> {
    const settings = await this.get(flags);
    const { target, base_url, api_key, branch, profile, store, environment, redirect, recipientGuards } = settings;
    const allowed = recipientGuards.map(({ allow }) => (allow.length === 0 ? "nobody" : allow.join(", ")));
    return [
      { name: "target", ...target },
      { name: "base_url", ...base_url },
      { name: "api_key", value: api_key.value === null ? null : redactApiKey(api_key.value), source: api_key.source },
      { name: "branch", ...branch },
      { name: "profile", ...profile },
      { name: "store", value: store.value === null ? null : formatStoreLocation(store.value), source: store.source },
      { name: "environment", ...environment },
      {
        name: "recipients.allow",
        // Both guards must allow a recipient.
        value: allowed.length === 0 ? null : allowed.join(" and "),
        source: recipientGuards[0]?.origin ?? "default",
      },
      { name: "recipients.redirect", ...redirect },
    ];
  }

  async describeKey(flags: TargetFlags): ReturnType<SettingsService["describeKey"]> {
    const { api_key, base_url, profile } = await this.get(flags);
    if (api_key.value === null) return null;
    return {
      api_key: redactApiKey(api_key.value),
      mode: isTestKey(api_key.value) ? "test" : "live",
      source: api_key.source,
      profile: api_key.source === "profile" ? profile.value : null,
      base_url: base_url.value,
    };
  }

  /** Forgets the settings, so that the next use resolves them again. */
  forget(): void {
    this.resolved.clear();
  }

  private async resolve(flags: TargetFlags): Promise<Settings> {
    const project = await this.files.find(flags);
    return resolveSettings({
      flags,
      env: this.env,
      project: project?.settings ?? {},
      projectFile: project === null ? "" : this.files.getProjectFileName(project),
      profileFile: () => this.credentials().path,
      profile: (name) => this.readProfile(name),
    });
  }

  private readProfile(name: string | null): { name: string | null; profile: Profile } {
    const wanted = name ?? this.defaultProfile();
    if (wanted === null) return { name: null, profile: {} };
    const { profile, warning } = this.credentials().readProfile(wanted);
    if (profile === null) {
      throw new KnockError("profile_invalid", `there is no profile "${wanted}" in ${this.credentials().path}`, {
        hint: `Create it with \`knock auth login --profile ${wanted}\`.`,
      });
    }
    if (warning) this.output.warn(warning);
    return { name: wanted, profile };
  }
}
