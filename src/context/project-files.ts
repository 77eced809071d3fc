import { join } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { cacheProject } from "../project/cache-project.js";
import {
  describeUnreadableProject,
  findProject,
  PROJECT_FILE,
  UNREADABLE_PROJECT_HINT,
} from "../project/find-project.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import { openProject, type Project } from "../project/open-project.js";
import type { ProcessIO } from "./process-io.js";
import { resolveEnvironmentSetting } from "./resolve-settings.js";
import type { TargetFlags } from "./target-flags.js";

/** Finds and opens the project of a command once. */
export class ProjectFiles {
  private project: Promise<Project | null> | undefined;
  private isCached = false;

  constructor(private readonly io: Pick<ProcessIO, "cwd" | "env">) {}

  find(flags: TargetFlags): Promise<Project | null> {
    this.project ??= this.open(flags);
    return this.project;
  }

  /**
   * Returns the project. Throws `project_missing`. `supportsRemote` says whether the command also works on the remote
   * target.
   */
  async require(flags: TargetFlags, supportsRemote = false): Promise<Project> {
    const project = await this.find(flags);
    if (project !== null) return project;
    const problem = describeUnreadableProject(this.io.cwd);
    if (problem !== null)
      throw new KnockError("project_missing", `${PROJECT_FILE} ${problem}`, { hint: UNREADABLE_PROJECT_HINT });
    throw new KnockError(
      "project_missing",
      "no knock.json in this folder or its parents: the local target needs a project",
      {
        hint: `Run \`knock init\` to create one, or use --project to name its folder${supportsRemote ? ", or --remote to use the API" : ""}.`,
      },
    );
  }

  /** Returns the path of a project's `knock.json` as errors show it. */
  getProjectFileName({ root }: Project): string {
    return formatDisplayPath(this.io.cwd, join(root, PROJECT_FILE));
  }

  /** Limits reads to one per file and second from now on. */
  cache(): void {
    this.isCached = true;
    this.project = this.project?.then((project) => (project === null ? null : cacheProject(project)));
  }

  /** Forgets the project, so that the next use finds and opens it again. */
  forget(): void {
    this.project = undefined;
  }

  private async open(flags: TargetFlags): Promise<Project | null> {
    const { cwd, env } = this.io;
    const { project = null, knockDir = null } = flags;
    const location = await findProject({ cwd, project, knockDir });
    if (location === null) return null;
    const environmentName = resolveEnvironmentSetting({ flags, env, project: location.settings })?.value;
    const opened = openProject({ ...location, environmentName }, cwd);
    return this.isCached ? cacheProject(opened) : opened;
  }
}
