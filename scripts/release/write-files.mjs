// Writes the files of a release beside its archives: `node scripts/release/write-files.mjs <folder> <address of the repository>`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeReleaseFiles } from "./release-files.mjs";

const ROOT = join(import.meta.dirname, "../..");
const [folder, repository] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
writeReleaseFiles(folder, repository, { version, changelog: readFileSync(join(ROOT, "CHANGELOG.md"), "utf8") });
