// Bundles the page that `knock dev` serves, and the page of the `html` reporter of `knock test`.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

/**
 * Writes the page, and the page of reports, compressed. Both have the same script and style, which the package contains once: the reporter
 * copies them into a report. Returns esbuild's metafile. Throws the errors that esbuild reports.
 */
export async function buildPages(root, dist) {
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
  const readOutput = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
  const script = readOutput(".js");
  const readTemplate = (path) => readFileSync(join(root, path), "utf8");
  // The replacements are functions, because `$&` in a bundle would be replaced in a string.
  const page = readTemplate("src/page/page.html")
    .replace("/* style */", () => readOutput(".css"))
    .replace("/* script */", () => script);
  const hash = `sha256-${createHash("sha256").update(script).digest("base64")}`;
  const report = readTemplate("src/page/report/report.html").replace("script-hash", () => hash);
  writeFileSync(join(dist, "page.html.br"), brotliCompressSync(page));
  writeFileSync(join(dist, "report.html.br"), brotliCompressSync(report));
  return { metafile };
}
