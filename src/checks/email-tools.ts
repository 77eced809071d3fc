import { createRequire } from "node:module";
import { join } from "node:path";
import { getErrorMessage } from "../errors/knock-error.js";
import { getErrorCode } from "../util/text-file.js";
import type { EmailProblem } from "./check-email.js";
import { type ContrastBrowser, loadContrastPackages, openContrastBrowser } from "./contrast-browser.js";
import { type CanIEmail, findUnsupportedFeatures } from "./find-unsupported-features.js";

/** Checks of the HTML of emails by packages that the project has installed. */
export interface EmailTools {
  /** Returns the problems that email clients and readers would have with the HTML. */
  check(html: string): Promise<EmailProblem[]>;
  close(): Promise<void>;
}

interface ToolOptions {
  /** The folder of the project. */
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Reports checks that are left out. */
  note(text: string): void;
}

/** The package with the data of caniemail.com. It is not part of knock, because the data changes every month. */
const CLIENT_DATA = "caniemail";

/** Emails that differ only in their text and in the addresses of their links have the same features and colors. */
const toStructure = (html: string): string => html.replaceAll(/>[^<]+/g, ">").replaceAll(/(href|src)="[^"]*"/g, "$1");

/** Loads a package of the project. Returns null if it is not installed, and throws if it cannot be loaded. */
function loadInstalled(load: NodeJS.Require, name: string): unknown {
  try {
    return load(name);
  } catch (error) {
    if (getErrorCode(error) === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

interface LoadedTools {
  clientData: CanIEmail | null;
  browser: ContrastBrowser | null;
}

async function loadTools({ root, env, note }: ToolOptions): Promise<LoadedTools> {
  const load = createRequire(join(root, "package.json"));
  const missing: string[] = [];
  let clientData: CanIEmail | null = null;
  try {
    clientData = loadInstalled(load, CLIENT_DATA) as CanIEmail | null;
    if (clientData === null) missing.push(CLIENT_DATA);
  } catch (error) {
    note(
      `The support by email clients was not checked, because ${CLIENT_DATA} cannot be loaded: ${getErrorMessage(error)}`,
    );
  }
  const packages = loadContrastPackages(load);
  if (packages === null) missing.push("playwright-core", "axe-core");
  if (missing.length > 0) {
    const parts = [
      ...(clientData === null ? ["the support by email clients"] : []),
      ...(packages === null ? ["the contrast of texts"] : []),
    ];
    note(
      `To check ${parts.join(" and ")} as well, run \`npm install --save-dev ${missing.join(" ")}\` in the project.`,
    );
  }
  return { clientData, browser: packages && (await openContrastBrowser(packages, { env, note })) };
}

class InstalledEmailTools implements EmailTools {
  private readonly known = new Map<string, Promise<EmailProblem[]>>();
  private tools: Promise<LoadedTools> | undefined;

  constructor(private readonly options: ToolOptions) {}

  check(html: string): Promise<EmailProblem[]> {
    const structure = toStructure(html);
    const known = this.known.get(structure) ?? this.findProblems(html);
    this.known.set(structure, known);
    return known;
  }

  async close(): Promise<void> {
    await (await this.tools)?.browser?.close();
  }

  private async findProblems(html: string): Promise<EmailProblem[]> {
    this.tools ??= loadTools(this.options);
    const { clientData, browser } = await this.tools;
    const unsupported = clientData === null ? [] : findUnsupportedFeatures(html, clientData);
    return [...unsupported, ...((await browser?.check(html)) ?? [])];
  }
}

/** Opens the checks of emails. Packages are loaded, and a browser is started, for the first email. */
export function openEmailTools(options: ToolOptions): EmailTools {
  return new InstalledEmailTools(options);
}
