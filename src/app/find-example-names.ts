import type { ExampleNames } from "../commands/shared/examples.js";
import { readExampleNames } from "./read-example-names.js";
import type { AppServices } from "./services/app-services.js";

/** Returns the value of an option that selects the project, before the arguments are parsed. */
function findOptionValue(argv: readonly string[], option: string): string | undefined {
  const at = argv.findLastIndex((word) => word === option || word.startsWith(`${option}=`));
  if (at === -1) return undefined;
  return argv[at] === option ? argv[at + 1] : argv[at]?.slice(option.length + 1);
}

/**
 * Returns names for examples from the project at hand; null without a project, or if it cannot be opened. Then the help
 * shows the names of the sample project.
 */
export async function findExampleNames({ argv, io, target }: AppServices): Promise<ExampleNames | null> {
  const flags = {
    project: findOptionValue(argv, "--project"),
    knockDir: findOptionValue(argv, "--knock-dir"),
    store: findOptionValue(argv, "--store"),
  };
  try {
    const { project, location } = await target.locate(flags);
    return await readExampleNames(project, location, io.cwd);
  } catch {
    return null;
  }
}
