// Bundles the page that `knock dev` serves, and the page of the `html` reporter of `knock test`. Each becomes one HTML file
// that contains its script and style.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const PAGES = {
  "page.html": { script: "src/page/main.tsx", style: "src/page/styles/page.css", template: "src/page/page.html" },
  "report.html": {
    script: "src/page/report/main.tsx",
    style: "src/page/styles/report.css",
    template: "src/page/report/report.html",
  },
};

/** Returns a page's HTML and esbuild's metafile. Throws the errors that esbuild reports. */
async function bundlePage(root, { script: scriptFile, style: styleFile, template }) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { script: scriptFile, style: styleFile },
    outdir: "page",
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    target: ["chrome123", "firefox128", "safari17.5"],
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  const readOutput = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
  const script = readOutput(".js");
  // The replacements are functions, because `$&` in a bundle would be replaced in a string.
  const html = readFileSync(join(root, template), "utf8")
    .replace("/* style */", () => readOutput(".css"))
    .replace("script-hash", () => `sha256-${createHash("sha256").update(script).digest("base64")}`)
    .replace("/* script */", () => script);
  return { html, metafile };
}

/** Returns the HTML of the page that `knock dev` serves. */
export async function pageHtml(root) {
  return (await bundlePage(root, PAGES["page.html"])).html;
}

/** Starts to write the pages. Returns a promise for each with its metafile, as esbuild's builds do. */
export function buildPages(root, dist) {
  return Object.entries(PAGES).map(async ([file, page]) => {
    const { html, metafile } = await bundlePage(root, page);
    writeFileSync(join(dist, file), html);
    return { metafile };
  });
}
