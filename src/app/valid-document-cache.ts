import { readFileSync } from "node:fs";
import type { DocumentKind, ValidDocuments } from "../domain/schema/valid-documents.js";
import { computeChecksum } from "../util/checksum.js";
import { replaceCacheFile } from "./replace-cache-file.js";

/**
 * The maximum number of digests in the file. It is enough for several large projects, and they are read in less than
 * 0.1 ms.
 */
const MAX_DIGESTS = 1_000;
const DIGEST_LENGTH = 16;
const VERSION_ID_LENGTH = 36;
/** A line is a digest, or for a workflow a digest, a space and the ID of its version. */
const LINE_LENGTHS = [DIGEST_LENGTH, DIGEST_LENGTH + 1 + VERSION_ID_LENGTH];

const computeDocumentDigest = (kind: string, document: unknown): string =>
  computeChecksum(`${kind}\n${JSON.stringify(document)}`);

/** Returns the name of the file with the content of another file. */
const nameContentFile = (file: string, path: string): string => `${file}.${computeChecksum(path)}`;

/**
 * Remembers valid documents by the digest of their content in a file, one document per line. `file` must belong to this
 * build and this Node version, because others may judge a document differently; null disables the cache. Other content
 * in the file is ignored. Contents of files are saved beside it, one file each, and replaced when they change. A file that
 * cannot be read or written only costs speed.
 */
export class ValidDocumentCache implements ValidDocuments {
  /** The IDs of versions by the digests of documents. Documents without versions have an empty text. */
  private versionIds: Map<string, string> | undefined;
  private hasChanged = false;

  constructor(private readonly file: string | null) {}

  has(kind: DocumentKind, document: unknown): boolean {
    return this.find(kind, document) !== null;
  }

  add(kind: DocumentKind, document: unknown): void {
    this.set(kind, document, "");
  }

  findVersionId(workflowKey: string, document: unknown): string | null {
    return this.find(`workflow ${workflowKey}`, document);
  }

  addWorkflow(workflowKey: string, document: unknown, versionId: string): void {
    this.set(`workflow ${workflowKey}`, document, versionId);
  }

  findContent(path: string, text: string): unknown {
    if (this.file === null) return null;
    try {
      const saved = readFileSync(nameContentFile(this.file, path), "utf8");
      return saved.startsWith(computeChecksum(text)) ? JSON.parse(saved.slice(DIGEST_LENGTH)) : null;
    } catch {
      return null; // The content was not saved, or the saved file is damaged.
    }
  }

  addContent(path: string, text: string, content: unknown): void {
    if (this.file === null) return;
    replaceCacheFile(nameContentFile(this.file, path), computeChecksum(text) + JSON.stringify(content));
  }

  private find(kind: string, document: unknown): string | null {
    if (this.file === null) return null;
    return this.read(this.file).get(computeDocumentDigest(kind, document)) ?? null;
  }

  private set(kind: string, document: unknown, versionId: string): void {
    if (this.file === null) return;
    this.read(this.file).set(computeDocumentDigest(kind, document), versionId);
    this.hasChanged = true;
  }

  /**
   * Writes the added digests. If two processes save at the same time, the digests of one are lost, and its documents
   * are checked again.
   */
  save(): void {
    if (this.file === null || this.versionIds === undefined || !this.hasChanged) return;
    const lines = [...this.versionIds].map(([digest, versionId]) => `${digest} ${versionId}`.trimEnd());
    if (replaceCacheFile(this.file, lines.slice(-MAX_DIGESTS).join("\n"))) this.hasChanged = false;
  }

  private read(file: string): Map<string, string> {
    if (this.versionIds !== undefined) return this.versionIds;
    let lines: string[] = [];
    try {
      lines = readFileSync(file, "latin1").split("\n");
    } catch {}
    this.versionIds = new Map(
      lines
        .filter((line) => LINE_LENGTHS.includes(line.length))
        .map((line) => [line.slice(0, DIGEST_LENGTH), line.slice(DIGEST_LENGTH + 1)]),
    );
    return this.versionIds;
  }
}
