import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Text or JSON by path. A path that ends in "/" is an empty folder, and a value `{ link }` is a symbolic link. */
export type Files = Record<string, unknown>;

/** A folder with files for one test. */
export class TemporaryProject {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "knock-project-")));

  constructor(files: Files = {}) {
    this.write(files);
  }

  write(files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      const full = this.path(path);
      mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
      if (path.endsWith("/")) continue;
      if (isLink(content)) symlinkSync(content.link, full);
      else
        writeFileSync(
          full,
          typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content),
        );
    }
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function isLink(content: unknown): content is { link: string } {
  return typeof content === "object" && content !== null && "link" in content && typeof content.link === "string";
}
