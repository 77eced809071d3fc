// Bundles the page that `knock dev` serves into one HTML file that contains its script and style.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Returns the page's HTML and esbuild's metafile. Throws the errors that esbuild reports. */
async function bundlePage(root) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { script: "src/page/main.tsx", style: "src/page/styles/page.css" },
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
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  // The replacements are functions, because `$&` in a bundle would be replaced in a string.
  const html = readFileSync(join(root, "src/page/page.html"), "utf8")
    .replace("/* style */", () => text(".css").trim())
    .replace("/* script */", () => text(".js").trim());
  return { html, metafile };
}

export async function pageHtml(root) {
  return (await bundlePage(root)).html;
}

/** Writes the page and returns its metafile, as esbuild's builds do. */
export async function buildPage(root, dist) {
  const { html, metafile } = await bundlePage(root);
  writeFileSync(join(dist, "page.html"), html);
  return { metafile };
}
