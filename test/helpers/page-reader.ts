import { existsSync } from "node:fs";
import { readBuiltFile } from "../../src/context/read-built-file.js";
import type { JsonObject } from "../../src/util/json.js";

export const readBuiltPage = async (): Promise<string> => readBuiltFile("page.html") as string;

/** Browsers from the fastest to the slowest: Chromium without a user interface takes half the CPU time in these tests. */
const BROWSERS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

/** The path of the browser. Tests that need one are skipped if it does not exist. */
export const CHROME = process.env.CHROME_PATH ?? BROWSERS.find(existsSync) ?? "/usr/bin/chromium";
export const hasBrowser = existsSync(CHROME);

interface EventReader {
  /** Returns the data of the next event. */
  readNext(): Promise<JsonObject>;
  /** Returns whether the stream has ended. */
  waitForEnd(): Promise<boolean>;
  close(): void;
}

/** Opens the page's stream of server-sent events. */
export async function openEventStream(url: string): Promise<EventReader> {
  const abortController = new AbortController();
  const response = await fetch(`${url}/__knock/events`, { signal: abortController.signal });
  if (response.body === null) throw new Error("no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readMore = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += value ?? "";
    return !done;
  };
  return {
    async readNext() {
      for (;;) {
        const [all, data] = /event: change\ndata: (.*)\n\n/.exec(text) ?? [];
        if (all !== undefined && data !== undefined) {
          text = text.slice(text.indexOf(all) + all.length);
          return JSON.parse(data) as JsonObject;
        }
        if (!(await readMore())) throw new Error("the stream ended");
      }
    },
    async waitForEnd() {
      while (await readMore()) {}
      return true;
    },
    close: () => abortController.abort(),
  };
}
