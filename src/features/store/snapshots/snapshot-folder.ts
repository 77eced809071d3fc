import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isPostgresLocation } from "../../../context/store-location.js";
import {
  createDatabaseSnapshotError,
  isSnapshotName,
  SNAPSHOT_NAME_RULE,
} from "../../../domain/request/snapshot-name.js";
import { KnockError } from "../../../errors/knock-error.js";
import { didYouMean } from "../../../util/find-nearest.js";
import { getErrorCode } from "../../../util/text-file.js";

const ENDING = ".db";

/** The snapshots of one store, which are files in a folder beside it. */
export class SnapshotFolder {
  readonly path: string;

  /** Throws `not_supported` for a store that is not a file. */
  constructor(readonly location: string) {
    if (isPostgresLocation(location)) throw createDatabaseSnapshotError();
    if (location === ":memory:")
      throw new KnockError("not_supported", "a store in memory has no snapshots, because it ends with the command", {
        hint: "Use a file with --store. In tests, use the snapshots of `knock dev` (POST /__knock/snapshots) or of `knock-cli/testing`.",
      });
    this.path = `${location}.snapshots`;
  }

  /** Returns the names of all snapshots in alphabetical order. */
  list(): string[] {
    let files: string[];
    try {
      files = readdirSync(this.path);
    } catch (error) {
      if (getErrorCode(error) === "ENOENT") return [];
      throw new KnockError("store_unusable", `the folder of snapshots ${this.path} cannot be read`, {
        hint: "Make the folder readable.",
        cause: error,
      });
    }
    const names = files.filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length));
    return names.filter(isSnapshotName).sort();
  }

  /** Returns the file of a snapshot, which may not exist. Throws `usage` for an invalid name. */
  getFile(name: string): string {
    if (isSnapshotName(name)) return join(this.path, name + ENDING);
    throw new KnockError("usage", `the name ${JSON.stringify(name)} is not allowed for a snapshot`, {
      hint: `A name has ${SNAPSHOT_NAME_RULE}.`,
    });
  }

  /** Returns the file of a snapshot that exists. Throws `resource_missing` with the nearest name. */
  find(name: string): string {
    const file = this.getFile(name);
    const names = this.list();
    if (names.includes(name)) return file;
    throw new KnockError("resource_missing", `there is no snapshot "${name}" of the store ${this.location}`, {
      hint: didYouMean(name, names, "Snapshots") ?? "Run `knock store snapshot save <name>` to save one.",
    });
  }
}
