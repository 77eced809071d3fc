import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { checkLockfile, readLockfiles } from "../../scripts/check-dependencies.mjs";

const ROOT = resolve(import.meta.dirname, "../..");

const readLockfile = () => JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));

describe("the bill of materials", () => {
  const text = readFileSync(join(ROOT, "dist/sbom.cdx.json"), "utf8");
  const sbom = JSON.parse(text);

  it("is a valid CycloneDX document", async () => {
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  });

  it("names every bundled package, with the digest of the lockfile", () => {
    const notices = readFileSync(join(ROOT, "THIRD-PARTY-NOTICES.md"), "utf8");
    const bundled = [...notices.matchAll(/^## (\S+) (\S+)$/gm)].map(([, name, version]) => `${name}@${version}`);
    const listed = sbom.components.map(({ group, name, version }: Record<string, string>) =>
      group ? `${group}/${name}@${version}` : `${name}@${version}`,
    );
    expect(listed.sort()).toEqual(bundled.sort());
    for (const { name, hashes } of sbom.components) expect(hashes, name).toMatchObject([{ alg: "SHA-512" }]);
  });
});

describe("the lockfile", () => {
  it("has no problems", () => {
    expect(readLockfiles().flatMap(checkLockfile)).toEqual([]);
  });

  it.each([
    ["a package without a digest", { version: "1.0.0" }, "part@1.0.0 has no SHA-512 digest"],
    [
      "a package from a repository",
      { version: "1.0.0", resolved: "git+ssh://git@example.com/part.git" },
      "part comes from git+ssh://git@example.com/part.git, not from the registry",
    ],
    [
      "an install script",
      { version: "1.0.0", integrity: "sha512-AA==", hasInstallScript: true },
      "part@1.0.0 has an install script; use another package, or add it with a reason",
    ],
    [
      "a package that excludes Node 20",
      { version: "1.0.0", integrity: "sha512-AA==", engines: { node: ">=22.0.0" } },
      "part@1.0.0 does not support Node 20.20.0: >=22.0.0",
    ],
  ])("must not contain %s", (_name, entry, fault) => {
    expect(checkLockfile({ lockfileVersion: 3, packages: { "node_modules/part": entry } })).toEqual([fault]);
  });

  it("fails on a package with a known vulnerability", async () => {
    const version = readLockfile().packages["node_modules/zod"].version;
    const advisory = {
      id: 1,
      title: "Test",
      severity: "high",
      vulnerable_versions: `<=${version}`,
      url: "https://example.com",
    };
    const registry = createServer((request, response) => {
      request.resume();
      const isBulk = request.url?.endsWith("/advisories/bulk") ?? false;
      response.writeHead(isBulk ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(isBulk ? { zod: [advisory] } : {}));
    });
    await new Promise<void>((done) => registry.listen(0, "127.0.0.1", done));
    const { port } = registry.address() as AddressInfo;
    const run = () =>
      execa(process.execPath, ["scripts/check-dependencies.mjs", "--vulnerabilities"], {
        cwd: ROOT,
        reject: false,
        timeout: 500_000,
        env: { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: "0" },
      });
    try {
      const { exitCode, stdout, stderr } = await run();
      expect(stderr).toContain("zod");
      expect(stderr).toContain("has a known vulnerability (high)");
      expect(stdout).toMatch(/^known vulnerabilities: [1-9]\d* problems$/);
      expect(exitCode).toBe(1);
    } finally {
      registry.close();
    }
    // A registry that cannot be asked is a notice: the check cannot pass or fail.
    expect(await run()).toMatchObject({
      exitCode: 0,
      stdout: "notice: the registry has no information about known vulnerabilities",
    });
  });
});
