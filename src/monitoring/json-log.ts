import { pino } from "pino";
import { toIsoTime } from "../util/iso-time.js";

/** The facts of a log entry beside its message. */
export type LogFields = Record<string, string | number | null | undefined>;

/** The log of a process, one JSON document per line. */
export interface JsonLog {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Creates a log whose lines `write` receives. `base` are facts of every line. */
export function createJsonLog(base: LogFields, level: string, write: (line: string) => void): JsonLog {
  return pino(
    {
      level,
      base,
      messageKey: "message",
      timestamp: () => `,"time":"${toIsoTime(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
}
