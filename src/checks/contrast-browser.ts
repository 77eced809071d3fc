import { readFileSync } from "node:fs";
import { getErrorMessage } from "../errors/knock-error.js";
import { type EmailProblem, listValues } from "./check-email.js";

/** Finds text with too little contrast, in a browser. */
export interface ContrastBrowser {
  check(html: string): Promise<EmailProblem[]>;
  close(): Promise<void>;
}

/** The parts of Playwright that are used. */
interface Route {
  request(): { url(): string };
  fulfill(response: { body: string; headers: Record<string, string> }): Promise<void>;
  abort(): Promise<void>;
}
interface Page {
  route(url: string, handle: (route: Route) => Promise<void>): Promise<void>;
  goto(url: string, options: { waitUntil: "domcontentloaded"; timeout: number }): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
  close(): Promise<void>;
}
interface Browser {
  newPage(options: { colorScheme: "light" | "dark"; viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}
interface Playwright {
  chromium: { launch(options: { executablePath?: string; channel?: string; timeout: number }): Promise<Browser> };
}

/** A text with too little contrast, with its colors and the contrast between them. */
interface LowContrast {
  text: string;
  foreground: string;
  background: string;
  contrast: number;
  expected: string;
}

interface BrowserOptions {
  env: Readonly<Record<string, string | undefined>>;
  note(text: string): void;
}

const PLAYWRIGHT_PACKAGES = ["playwright-core", "playwright", "@playwright/test"];
const TIMEOUT_MS = 10_000;
const MAX_TEXT_LENGTH = 30;
/** The width of a reading pane. */
const VIEWPORT = { width: 640, height: 900 };

/** Returns the texts whose contrast axe measures and finds too low. Text above images is not measured. */
const FIND_LOW_CONTRAST = `(async () => {
  const { violations } = await axe.run(document, { runOnly: ["color-contrast"], resultTypes: ["violations"] });
  return violations.flatMap(({ nodes }) => nodes.map(({ target, any }) => {
    const { fgColor, bgColor, contrastRatio, expectedContrastRatio } = any[0].data;
    return {
      text: document.querySelector(String(target[0]))?.textContent.replace(/\\s+/g, " ").trim() ?? "",
      foreground: fgColor, background: bgColor, contrast: contrastRatio, expected: expectedContrastRatio,
    };
  }));
})()`;

function describeLowContrast(mode: string, found: readonly LowContrast[]): EmailProblem {
  const texts = found.map(({ text, foreground, background, contrast, expected }) => {
    const short = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
    return `${JSON.stringify(short)} (${foreground} on ${background}: ${contrast} of ${Number.parseFloat(expected)})`;
  });
  return {
    code: "email_low_contrast",
    message: `has text with too little contrast in ${mode} mode: ${listValues(texts)}`,
  };
}

/** The address of the email in the browser. Nothing is sent: the email is the response, and other requests fail. */
const EMAIL_URL = "http://email.invalid/";
/** Scripts and event handlers of an email must not run. Those that Playwright adds do. */
const HEADERS = { "content-type": "text/html; charset=utf-8", "content-security-policy": "script-src 'none'" };

async function findLowContrast(browser: Browser, axe: string, html: string): Promise<EmailProblem[]> {
  const problems: EmailProblem[] = [];
  for (const mode of ["light", "dark"] as const) {
    const page = await browser.newPage({ colorScheme: mode, viewport: VIEWPORT });
    try {
      await page.route("**", (route) =>
        route.request().url() === EMAIL_URL ? route.fulfill({ body: html, headers: HEADERS }) : route.abort(),
      );
      await page.goto(EMAIL_URL, { waitUntil: "domcontentloaded", timeout: TIMEOUT_MS });
      await page.evaluate(axe);
      const found = (await page.evaluate(FIND_LOW_CONTRAST)) as LowContrast[];
      if (found.length > 0) problems.push(describeLowContrast(mode, found));
    } finally {
      await page.close();
    }
  }
  return problems;
}

interface ContrastPackages {
  playwright: Playwright;
  /** The text of axe's script. */
  axe: string;
}

/** Loads Playwright and axe as a project has installed them. Returns null if one of them is missing. */
export function loadContrastPackages(load: NodeJS.Require): ContrastPackages | null {
  for (const name of PLAYWRIGHT_PACKAGES) {
    try {
      const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");
      return { playwright: load(name) as Playwright, axe };
    } catch {
      // It is not installed.
    }
  }
  return null;
}

async function launch({ chromium }: Playwright, executablePath: string | undefined): Promise<Browser> {
  if (executablePath) return chromium.launch({ executablePath, timeout: TIMEOUT_MS });
  // The browser that Playwright has downloaded, or else an installed one.
  return chromium
    .launch({ timeout: TIMEOUT_MS })
    .catch((error: unknown) =>
      chromium.launch({ channel: "chrome", timeout: TIMEOUT_MS }).catch(() => Promise.reject(error)),
    );
}

/** Starts a browser. Returns null, and reports why, if none can be started. */
export async function openContrastBrowser(
  { playwright, axe }: ContrastPackages,
  { env, note }: BrowserOptions,
): Promise<ContrastBrowser | null> {
  try {
    const browser = await launch(playwright, env.CHROME_PATH);
    return { check: (html) => findLowContrast(browser, axe, html), close: () => browser.close() };
  } catch (error) {
    const [reason = ""] = getErrorMessage(error).split("\n");
    note(
      `The contrast of texts was not checked, because no browser could be started (${reason.replace(/^browserType\.launch: /, "")}). Run \`npx playwright-core install chromium\`, or set CHROME_PATH to a Chrome or Chromium.`,
    );
    return null;
  }
}
