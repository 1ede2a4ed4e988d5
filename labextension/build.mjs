// Builds the widgets of a cell, an ES module each, and their style sheet.
import { build } from "esbuild";

const shared = { bundle: true, minify: true, legalComments: "none", charset: "utf8", logLevel: "warning" };
const out = "../caveagent_magic/static";

await build({
  ...shared,
  entryPoints: ["src/panel.ts", "src/undo.ts"],
  outdir: out,
  format: "esm",
  target: "es2022",
});
await build({ ...shared, entryPoints: ["style/panel.css"], outfile: `${out}/panel.css` });
