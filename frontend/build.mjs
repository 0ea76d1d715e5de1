/**
 * Bundles the pages into `src/airside/dashboard/static/` (or the folder given as first argument).
 *
 *   index.html        the one document; names the hashed files
 *   favicon.svg
 *   assets/…          scripts, styles and country outlines, named by their content
 *   swagger-ui/…      what /docs shows the OpenAPI document with
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { countryOutlines } from "./scripts/outlines.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const watching = process.argv.includes("--watch");
const target = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const OUT = resolve(target ?? join(HERE, "../src/airside/dashboard/static"));

const ENTRIES = {
  main: join(HERE, "src/main.ts"),
  theme: join(HERE, "src/theme.ts"),
  worker: join(HERE, "src/stream/worker.ts"),
  style: join(HERE, "src/styles/main.css"),
};

function writeHashed(name, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = `assets/${name}-${hash}.${extension}`;
  writeFileSync(join(OUT, file), content);
  return file;
}

/** Entry name → path of its output, as index.html names it. */
function outputsOf(metafile) {
  const files = {};
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (!output.entryPoint || path.endsWith(".map")) continue;
    const entry = Object.entries(ENTRIES).find(([, source]) => source === resolve(output.entryPoint));
    if (entry) files[entry[0]] = `assets/${basename(path)}`;
  }
  return files;
}

function writeDocument(metafile, outlines) {
  const names = { ...outputsOf(metafile), outlines };
  const html = readFileSync(join(HERE, "public/index.html"), "utf8").replace(
    /\{\{(\w+)\}\}/g,
    (_, name) => {
      if (!names[name]) throw new Error(`index.html names {{${name}}}, which the build does not make`);
      return names[name];
    },
  );
  writeFileSync(join(OUT, "index.html"), html);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, "assets"), { recursive: true });
cpSync(join(HERE, "public/favicon.svg"), join(OUT, "favicon.svg"));
mkdirSync(join(OUT, "swagger-ui"));
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE"]) {
  cpSync(join(HERE, "node_modules/swagger-ui-dist", file), join(OUT, "swagger-ui", file));
}
const outlines = writeHashed("outlines", "json", JSON.stringify(countryOutlines()));

const options = {
  entryPoints: ENTRIES,
  outdir: join(OUT, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: !watching,
  sourcemap: watching ? "inline" : false,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [
    {
      name: "document",
      setup(api) {
        api.onEnd((result) => {
          if (result.metafile) writeDocument(result.metafile, outlines);
        });
      },
    },
  ],
};

if (watching) {
  await (await context(options)).watch();
} else {
  await build(options);
}
