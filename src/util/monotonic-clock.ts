import { hrtime } from "node:process";

/** A clock in milliseconds that changes of the system's time do not affect. `performance` would load 10 modules of Node at each start. */
export const monotonicClock = {
  now(): number {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
};
