import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DocumentKind, ValidDocuments } from "../domain/schema/valid-documents.js";
import { computeDigest } from "../util/ids.js";

/**
 * The maximum number of digests in the file. It is enough for several large projects, and they are read in less than
 * 0.1 ms.
 */
const MAX_DIGESTS = 1_000;
const DIGEST = /^[0-9a-f]{40}$/;

const computeDocumentDigest = (kind: DocumentKind, document: unknown): string =>
  computeDigest(`${kind}\n${JSON.stringify(document)}`);

/**
 * Remembers valid documents by the digest of their content in a file, one digest per line. `file` must belong to this
 * build and this Node version, because others may judge a document differently; null disables the cache. Other content
 * in the file is ignored. A file that cannot be read or written only costs speed.
 */
export class ValidDocumentCache implements ValidDocuments {
  private digests: Set<string> | undefined;
  private hasChanged = false;

  constructor(private readonly file: string | null) {}

  has(kind: DocumentKind, document: unknown): boolean {
    return this.file !== null && this.read(this.file).has(computeDocumentDigest(kind, document));
  }

  add(kind: DocumentKind, document: unknown): void {
    if (this.file === null) return;
    this.read(this.file).add(computeDocumentDigest(kind, document));
    this.hasChanged = true;
  }

  /**
   * Writes the added digests. If two processes save at the same time, the digests of one are lost, and its documents
   * are checked again.
   */
  save(): void {
    if (this.file === null || this.digests === undefined || !this.hasChanged) return;
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      const temporaryPath = `${this.file}.${process.pid}`;
      writeFileSync(temporaryPath, [...this.digests].slice(-MAX_DIGESTS).join("\n"), { mode: 0o600 });
      renameSync(temporaryPath, this.file);
      this.hasChanged = false;
    } catch {}
  }

  private read(file: string): Set<string> {
    if (this.digests !== undefined) return this.digests;
    let lines: string[] = [];
    try {
      lines = readFileSync(file, "latin1").split("\n");
    } catch {}
    this.digests = new Set(lines.filter((line) => DIGEST.test(line)));
    return this.digests;
  }
}
