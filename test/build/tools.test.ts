import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { expect, it } from "vitest";
import { installTools } from "../../scripts/tools.mjs";

const toName = (folder: string) => relative(resolve("tools"), folder);

it("tools are installed although an earlier installation was killed, and an unknown folder fails at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "knock-tools-"));
  try {
    await expect(installTools(toName(join(folder, "missing")))).rejects.toThrow("ENOENT");
    const dependencies = { local: "file:local" };
    const document = { name: "tools", version: "1.0.0", dependencies };
    const packages = {
      "": document,
      local: { version: "1.0.0" },
      "node_modules/local": { resolved: "local", link: true },
    };
    mkdirSync(join(folder, "local"));
    writeFileSync(join(folder, "local/package.json"), '{"name":"local","version":"1.0.0"}');
    writeFileSync(join(folder, "package.json"), JSON.stringify(document));
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ ...document, lockfileVersion: 3, packages }));
    // No process has this number: it is above the limit of Linux, macOS and Windows.
    const lock = join(folder, ".installing");
    writeFileSync(lock, "99999999");
    await installTools(toName(folder));
    expect([existsSync(lock), existsSync(join(folder, "node_modules/.installed-lock.json"))]).toEqual([false, true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
