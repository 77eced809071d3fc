import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { KnockError } from "../../errors/knock-error.js";
import type { DocumentFile } from "./journal.js";

/** Documents are written together: after this many characters, or this time. */
const MAX_BUFFERED_CHARACTERS = 65_536;
const FLUSH_DELAY_MS = 50;
const NEWLINE = 0x0a;

interface AppendFileOptions {
  /** The path as shown to the user. */
  path: string;
  resolvedPath: string;
  /** "new" fails if the file exists, "empty" replaces its content. */
  mode: "new" | "empty" | "append";
  /** Returns the error for a file that cannot be opened or written. */
  toError(error: unknown): KnockError;
}

/** Appends JSON documents to a file. An error of a write is kept and thrown by the next call, because the writer has a timer. */
export class AppendFile implements DocumentFile {
  readonly path: string;
  private readonly descriptor: number;
  private readonly buffered: string[] = [];
  private bufferedCharacters = 0;
  private timer: NodeJS.Timeout | undefined;
  private failure: KnockError | undefined;
  private predecessor: DocumentFile | null = null;

  constructor(private readonly options: AppendFileOptions) {
    this.path = options.path;
    try {
      const flags = { new: "ax+", empty: "w", append: "a+" }[options.mode];
      this.descriptor = openSync(options.resolvedPath, flags, 0o600);
      if (options.mode === "append") this.dropIncompleteLine();
    } catch (error) {
      throw options.toError(error);
    }
  }

  append(document: object): void {
    if (this.failure !== undefined) throw this.failure;
    const line = `${JSON.stringify(document)}\n`;
    this.buffered.push(line);
    this.bufferedCharacters += line.length;
    if (this.bufferedCharacters >= MAX_BUFFERED_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.tryToFlush(), FLUSH_DELAY_MS);
  }

  writeAfter(file: DocumentFile): void {
    this.predecessor = file;
  }

  flush(): void {
    this.tryToFlush();
    if (this.failure !== undefined) throw this.failure;
  }

  close(): void {
    this.tryToFlush();
    try {
      fsyncSync(this.descriptor);
    } catch {
      // Devices and pipes cannot be synced.
    }
    closeSync(this.descriptor);
    if (this.failure !== undefined) throw this.failure;
  }

  delete(): void {
    clearTimeout(this.timer);
    closeSync(this.descriptor);
    rmSync(this.options.resolvedPath, { force: true });
  }

  private tryToFlush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const bytes = Buffer.from(this.buffered.splice(0).join(""));
    this.bufferedCharacters = 0;
    try {
      this.predecessor?.flush();
      for (let written = 0; written < bytes.length; ) written += writeSync(this.descriptor, bytes, written);
    } catch (error) {
      this.failure ??= error instanceof KnockError ? error : this.options.toError(error);
    }
  }

  /** Removes the rest of a line that a crash or a full disk has cut, so that the next document starts a new line. */
  private dropIncompleteLine(): void {
    const { size } = fstatSync(this.descriptor);
    const chunk = Buffer.alloc(MAX_BUFFERED_CHARACTERS);
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - chunk.length);
      const length = readSync(this.descriptor, chunk, 0, end - start, start);
      const newline = chunk.subarray(0, length).lastIndexOf(NEWLINE);
      if (newline >= 0) return void (start + newline + 1 < size && ftruncateSync(this.descriptor, start + newline + 1));
      end = start;
    }
    if (size > 0) ftruncateSync(this.descriptor, 0);
  }
}
