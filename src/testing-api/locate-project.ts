import { KnockError } from "../errors/knock-error.js";
import { findProject, type ProjectLocation } from "../project/find-project.js";

/** Finds the project of an engine in code. Throws `project_missing`. */
export async function locateProject(options: {
  project?: string | undefined;
  knockDir?: string | undefined;
  environment?: string | undefined;
}): Promise<ProjectLocation> {
  const { project = null, knockDir = null, environment } = options;
  const location = await findProject({ cwd: process.cwd(), project, knockDir });
  if (location !== null) return { ...location, ...(environment === undefined ? {} : { environmentName: environment }) };
  throw new KnockError("project_missing", `no knock.json in ${process.cwd()} or in a folder above`, {
    hint: "Pass the folder of knock.json as `project`, or run `knock init` to create one.",
  });
}
