import { pino } from "pino";
import { toIsoTime } from "../../util/iso-time.js";

/** The facts of a log entry beside its message. */
export type LogFields = Record<string, string | number | null>;

/** The log of a worker, one JSON document per line. */
export interface WorkerLog {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Creates a log whose lines `write` receives. */
export function createJsonLog(workerId: string, level: string, write: (line: string) => void): WorkerLog {
  return pino(
    {
      level,
      base: { worker: workerId },
      messageKey: "message",
      timestamp: () => `,"time":"${toIsoTime(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
}
