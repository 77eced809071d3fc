import { KnockError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { once } from "../util/once.js";
import type { Credentials, EnvironmentVariables } from "./credentials.js";
import type { Profile } from "./profile-file.js";
import type { ProjectFiles } from "./project-files.js";
import { resolveSettings, type Settings } from "./resolve-settings.js";
import type { TargetFlags } from "./target-flags.js";

/**
 * Resolves the settings of a command once. The order of precedence is flag, environment variable, knock.json, profile,
 * default.
 */
export class SettingsCache {
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
