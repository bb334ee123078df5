// Writes the page of all ops and the lists in the page of differences, from the definitions:
//   npm run -s docs
import { readFileSync, writeFileSync } from "node:fs";
import { withLists } from "./opsPage/differencesPage.ts";
import { readContents } from "./opsPage/entries.ts";
import { pageOf } from "./opsPage/page.ts";

const ops = new URL("../docs/ops.md", import.meta.url);
const differences = new URL("../docs/differences.md", import.meta.url);

const contents = readContents();
writeFileSync(ops, pageOf(contents));
writeFileSync(differences, withLists(readFileSync(differences, "utf8"), contents));
console.log("docs/ops.md and docs/differences.md are written");
