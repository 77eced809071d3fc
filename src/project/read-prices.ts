import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Prices } from "../domain/pricing/prices-schema.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { readProjectJson } from "./read-project-text.js";
import { locateIn } from "./read-resource.js";

const PRICES_FILE = "prices.json";

/**
 * Reads the prices of a file relative to the working directory, or those of the project. Returns null if the project has none. Throws
 * `project_invalid`.
 */
export async function readPrices(
  { knockDir }: Pick<ProjectLocation, "knockDir">,
  cwd: string,
  chosen?: string,
): Promise<Prices | null> {
  const path = chosen === undefined ? join(knockDir, PRICES_FILE) : resolve(cwd, chosen);
  if (chosen === undefined && !existsSync(path)) return null;
  const file = { path, displayPath: formatDisplayPath(cwd, path) };
  const raw = await readProjectJson(path, file.displayPath);
  const { parsePrices } = await import("../domain/pricing/prices-schema.js");
  try {
    return parsePrices(raw, file.displayPath);
  } catch (error) {
    throw await locateIn(file)(error);
  }
}
