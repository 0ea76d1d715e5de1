/**
 * Bundles the tests in `tests/` and runs them with the runner that Node.js brings; arguments are
 * names of test files, such as `live`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const SUFFIX = ".test.mjs";
const TESTS = join(dirname(fileURLToPath(import.meta.url)), "../tests");
const chosen = process.argv.slice(2);
const names = readdirSync(TESTS).filter((name) => name.endsWith(SUFFIX));
const files = names.filter((name) => chosen.length === 0 || chosen.includes(basename(name, SUFFIX)));
if (files.length === 0) throw new Error(`no such test: ${chosen.join(", ")}; there are ${names.join(", ")}`);

const out = mkdtempSync(join(tmpdir(), "airside-frontend-"));
try {
  await build({
    entryPoints: files.map((name) => join(TESTS, name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // what a page loads only when it draws stays in files of its own, as it does there
    splitting: true,
    format: "esm",
    platform: "node",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const bundles = files.map((name) => join(out, name));
  const first = pathToFileURL(join(TESTS, "globals.mjs")).href;
  const options = ["--enable-source-maps", "--import", first, "--test"];
  const { status } = spawnSync(process.execPath, [...options, ...bundles], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
