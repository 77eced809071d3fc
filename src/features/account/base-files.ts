import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../context/write-file-atomically.js";
import type { ResourceBase } from "../../domain/resource/compare-resources.js";
import { formatResourceName } from "../../domain/resource/resource-name.js";
import type { ResourceRef } from "../../domain/resource/resource-types.js";
import type { AccountScope } from "../../remote/management/account.js";
import { isJsonObject, type Json } from "../../util/json.js";

/** Returns a name that is one part of a path. */
const toFileName = (text: string): string => encodeURIComponent(text).replace(/^\.+/, "_");

/**
 * Keeps what the last pull or push saw of each resource: one file for each, so that a push can record each resource as soon as the
 * account has it. The resources of a branch that no pull or push saw there have the base of its environment, from which it starts.
 */
export class BaseFiles {
  readonly folder: string;
  private readonly environmentFolder: string;

  constructor(localFolder: string, account: string, { environment, branch }: AccountScope) {
    const root = join(localFolder, "base", toFileName(account));
    this.environmentFolder = join(root, toFileName(environment));
    this.folder =
      branch === null ? this.environmentFolder : join(root, `${toFileName(environment)}~${toFileName(branch)}`);
  }

  getPath(ref: ResourceRef, folder = this.folder): string {
    return join(folder, `${formatResourceName(ref)}.json`);
  }

  /** Returns the base of a resource, or null. A file that cannot be read counts as missing, which only asks for more decisions. */
  read(ref: ResourceRef): ResourceBase | null {
    return this.readFile(this.getPath(ref)) ?? this.readFile(this.getPath(ref, this.environmentFolder));
  }

  private readFile(path: string): ResourceBase | null {
    try {
      const base = JSON.parse(readFileSync(path, "utf8")) as Json;
      if (!isJsonObject(base) || !isJsonObject(base.here)) return null;
      return { here: base.here, there: isJsonObject(base.there) ? base.there : base.here };
    } catch {
      return null;
    }
  }

  /** Returns the content of a base's file. */
  format({ here, there }: ResourceBase): string {
    return JSON.stringify(JSON.stringify(here) === JSON.stringify(there) ? { here } : { here, there });
  }

  write(ref: ResourceRef, base: ResourceBase): void {
    writeFileAtomically(this.getPath(ref), this.format(base));
  }
}
