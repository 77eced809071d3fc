import { formatDuration } from "../../util/duration.js";
import { formatNumber } from "../../util/format-count.js";
import { loadCrypto } from "../../util/load-crypto.js";
import type { InputFile } from "./journal.js";

const REFRESH_MS = 200;

/** The numbers of handled lines, and the bytes of the input up to the last one. More may have been read ahead. */
interface HandledCounts {
  lines: number;
  failed: number;
  skipped: number;
  bytes: number;
}

/** Counts the bytes of an input that were read, and computes their digest. */
export class InputProgress {
  bytes = 0;
  /** The content that the run covers; null for standard input. */
  expected: InputFile | null = null;
  /** The number of a last line that was left out, because the file ended in the middle of it. */
  incompleteLine: number | null = null;
  private readonly hash = loadCrypto().createHash("sha256");
  private timer: NodeJS.Timeout | undefined;
  private startedAt: number;

  constructor(private readonly now: () => number) {
    this.startedAt = now();
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.expected !== null) this.hash.update(chunk);
  }

  digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Calls `refresh` several times per second until `end`. */
  start(refresh: () => void): void {
    this.startedAt = this.now();
    this.timer = setInterval(refresh, REFRESH_MS);
  }

  end(): void {
    clearInterval(this.timer);
  }

  /** Returns the lines so far with their rate and, for a file, the remaining time. */
  describe({ lines, failed, skipped, bytes }: HandledCounts): string {
    const seconds = Math.max(0.001, (this.now() - this.startedAt) / 1_000);
    const parts = [`${formatNumber(lines + skipped)} lines`];
    if (skipped > 0) parts.push(`${formatNumber(skipped)} skipped`);
    if (failed > 0) parts.push(`${formatNumber(failed)} failed`);
    parts.push(`${formatNumber(Math.round(lines / seconds))}/s`);
    if (this.expected !== null && this.expected.size > 0 && bytes > 0) {
      const part = Math.min(1, bytes / this.expected.size);
      parts.unshift(`${Math.floor(part * 100)} %`);
      const remainingMs = (seconds * 1_000 * (1 - part)) / part;
      if (part < 1) parts.push(`${formatDuration(Math.max(1_000, Math.round(remainingMs / 1_000) * 1_000))} left`);
    }
    return parts.join(" · ");
  }
}

/** Yields chunks and counts their bytes. Ends at the size that the run covers, also if the file has become longer. */
export async function* watchInput(
  chunks: AsyncIterable<Uint8Array>,
  progress: InputProgress,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const rest = progress.expected === null ? chunk.length : progress.expected.size - progress.bytes;
    if (rest <= 0) return;
    const part = rest < chunk.length ? chunk.subarray(0, rest) : chunk;
    progress.add(part);
    yield part;
  }
}
