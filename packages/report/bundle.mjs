/** Bundles what runs in the browser into one script, so that users of the package need no bundler. */
import { build } from "esbuild";

await build({
  entryPoints: [new URL("src/client.ts", import.meta.url).pathname],
  outfile: new URL("dist/client.js", import.meta.url).pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  legalComments: "inline",
  loader: { ".css": "text" },
});
