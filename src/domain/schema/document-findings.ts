import type { ErrorCode, ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { getValueAtPath, toPointer } from "../../util/json.js";
import { createDocumentError } from "../shape/document-error.js";
import type { ReportFinding } from "../shape/report-finding.js";

/** Collects the faults of one document, each once. */
export class DocumentFindings {
  readonly details: ErrorDetail[] = [];
  private readonly seen = new Set<string>();

  /** With the document, each fault has the text, number or other simple value that it is about. Project files may contain secrets. */
  constructor(private readonly document?: unknown) {}

  readonly add: ReportFinding = (path, message) => {
    const value = getValueAtPath(this.document, path.map(String));
    const isSimple = value === null || ["string", "number", "boolean"].includes(typeof value);
    this.addDetail({ pointer: toPointer(path), message, ...(isSimple ? { value } : {}) } as ErrorDetail);
  };

  addDetail(detail: ErrorDetail): void {
    const id = `${detail.pointer} ${detail.message}`;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.details.push(detail);
  }

  get isEmpty(): boolean {
    return this.details.length === 0;
  }

  /** Returns whether a part of the document has no fault: neither at it, nor below it, nor at a part that contains it. */
  isValid(path: PropertyKey[]): boolean {
    const pointer = `${toPointer(path)}/`;
    return !this.details.some(
      (detail) => pointer.startsWith(`${detail.pointer}/`) || `${detail.pointer}/`.startsWith(pointer),
    );
  }

  /** Returns the error that names the first fault in its message and lists all of them in its details. `shown` names the file. */
  toError(
    documentName: string,
    code: ErrorCode,
    buildHint?: (first: ErrorDetail | undefined) => string | undefined,
  ): KnockError {
    return createDocumentError(code, documentName, this.details, buildHint?.(this.details[0]));
  }
}
