import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmailTools, openEmailTools } from "../../src/checks/email-tools.js";
import { CHROME, hasBrowser } from "../helpers/page-reader.js";

const INSTALLED = resolve(import.meta.dirname, "../../node_modules");
/** Node loads ES modules such as `caniemail` with `require` from this version on. */
const LOADS_ES_MODULES = process.features.require_module === true;

if (!hasBrowser) console.warn(`notice: ${CHROME} was not found (CHROME_PATH); the contrast of emails is not measured`);

const toEmail = (body: string, style = ""): string =>
  `<!doctype html><html><head><title>News</title><style>${style}</style></head><body>${body}</body></html>`;

describe("the checks of emails by packages of the project", () => {
  let root: string;
  let notes: string[];
  let tools: EmailTools;

  /** Opens the checks in a project that has the packages. */
  function open(packages: readonly string[], env: Record<string, string> = { CHROME_PATH: CHROME }): EmailTools {
    for (const name of packages) symlinkSync(join(INSTALLED, name), join(root, "node_modules", name));
    tools = openEmailTools({ root, env, note: (text) => notes.push(text) });
    return tools;
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "knock-emails-"));
    mkdirSync(join(root, "node_modules"));
    notes = [];
  });
  afterEach(async () => {
    await tools.close();
    rmSync(root, { recursive: true, force: true });
  });

  it.runIf(LOADS_ES_MODULES)(
    "name the clients that do not support a feature, in one finding for the same clients",
    async () => {
      const found = await open(["caniemail"]).check(
        toEmail('<p style="opacity: 0.5; color: red" lang="en">Hi</p><video src="https://x.test/a"></video>', ""),
      );
      expect(found).toEqual([
        {
          code: "email_unsupported_feature",
          message: expect.stringMatching(
            /^uses HTML or CSS without support in Gmail \(Android, .*Outlook \(.*\): <video> element$/,
          ),
        },
        {
          code: "email_unsupported_feature",
          message: "uses HTML or CSS without support in Outlook (Windows): opacity",
        },
      ]);
      expect(notes).toEqual([
        "To check the contrast of texts as well, run `npm install --save-dev playwright-core axe-core` in the project.",
      ]);
    },
  );

  it.runIf(LOADS_ES_MODULES)("accept an email of features that all major clients support", async () => {
    expect(
      await open(["caniemail"]).check(
        toEmail('<p style="color: #333; word-break: break-word">Hi</p>').replace("<style></style>", ""),
      ),
    ).toEqual([]);
  });

  it.runIf(hasBrowser)("report text with too little contrast, in light and in dark mode", async () => {
    const { check } = { check: (html: string) => open(["playwright-core", "axe-core"]).check(html) };
    const found = await check(
      toEmail(
        '<p class="pale">Unsubscribe</p><p class="link">An order with a name of many words</p><p>Readable</p>',
        `body { color: #000; background: #fff } .pale { color: #ccc } .link { color: #1f4e5f }
         @media (prefers-color-scheme: dark) { body { color: #eee; background: #1e2528 } }`,
      ),
    );
    expect(found).toEqual([
      {
        code: "email_low_contrast",
        message: 'has text with too little contrast in light mode: "Unsubscribe" (#cccccc on #ffffff: 1.6 of 4.5)',
      },
      {
        code: "email_low_contrast",
        message: expect.stringMatching(
          /^has text with too little contrast in dark mode: "An order with a name of many w…" \(#1f4e5f on #1e2528: [\d.]+ of 4\.5\)$/,
        ),
      },
    ]);
    expect(notes).toEqual([expect.stringContaining("npm install --save-dev caniemail`")]);
  });

  it.runIf(hasBrowser)("run no script of an email and load nothing", async () => {
    const paint = `document.querySelector("p").style.color = "#eee"`;
    const body = `<p style="color: #000; background: #fff">Hi</p><img src="http://127.0.0.1:9/a.png" onerror='${paint}'><script>${paint}</script>`;
    expect(await open(["playwright-core", "axe-core"]).check(toEmail(body))).toEqual([]);
  });

  it("are left out with one note if the project has no package", async () => {
    const { check } = { check: (html: string) => tools.check(html) };
    open([]);
    expect(await check(toEmail("<p>One</p>"))).toEqual([]);
    expect(await check(toEmail("<div>Two</div>"))).toEqual([]);
    expect(notes).toEqual([
      "To check the support by email clients and the contrast of texts as well, run `npm install --save-dev caniemail playwright-core axe-core` in the project.",
    ]);
  });

  it("say why a package or a browser cannot be used", async () => {
    mkdirSync(join(root, "node_modules/caniemail"));
    writeFileSync(join(root, "node_modules/caniemail/index.js"), 'throw new Error("broken");');
    open(["playwright-core", "axe-core"], { CHROME_PATH: join(root, "missing") });
    expect(await tools.check(toEmail("<p>Hi</p>"))).toEqual([]);
    expect(notes).toEqual([
      "The support by email clients was not checked, because caniemail cannot be loaded: broken",
      expect.stringMatching(
        /^The contrast of texts was not checked, because no browser could be started \(.*missing\)\. Run `npx/,
      ),
    ]);
  });
});
