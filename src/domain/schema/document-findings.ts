import type { ErrorCode } from "../../errors/error-codes.js";
import type { ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { getValueAtPath, toPointer } from "../../util/json.js";
import { createDocumentError } from "../shape/document-error.js";
import type { ReportFinding } from "../shape/report-finding.js";

/** Collects the findings of one document without duplicates. */
export class DocumentFindings {
  readonly details: ErrorDetail[] = [];
  private readonly seen = new Set<string>();

  /**
   * `document` adds to each finding the string, number or other simple value that it is about. Project files do not
   * pass it, because they may contain secrets.
   */
  constructor(private readonly document?: unknown) {}

  readonly add: ReportFinding = (path, message, suggestedKey) => {
    const value = getValueAtPath(this.document, path.map(String));
    const isSimple = value === null || ["string", "number", "boolean"].includes(typeof value);
    this.addDetail({
      pointer: toPointer(path),
      message,
      ...(isSimple ? { value } : {}),
      ...(suggestedKey === undefined ? {} : { suggested_key: suggestedKey }),
    });
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

  /** Returns whether a part of the document has no finding: none at its path, below it or above it. */
  isValid(path: PropertyKey[]): boolean {
    const pointer = `${toPointer(path)}/`;
    return !this.details.some(
      (detail) => pointer.startsWith(`${detail.pointer}/`) || `${detail.pointer}/`.startsWith(pointer),
    );
  }

  /**
   * Returns the error whose message contains the first finding and whose details list all of them. `documentName` names
   * the file.
   */
  toError(
    documentName: string,
    code: ErrorCode,
    buildHint?: (first: ErrorDetail | undefined) => string | undefined,
  ): KnockError {
    return createDocumentError(code, documentName, this.details, buildHint?.(this.details[0]));
  }
}
