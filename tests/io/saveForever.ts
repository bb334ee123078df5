// Saves one file over and over until it is killed; the test then looks at what is left.
import { writeFileAtomic } from "../../src/io/files.ts";
import { serializeSafetensors } from "../../src/io/safetensorsFormat.ts";

const [path = ""] = process.argv.slice(2);
for (let round = 0; ; round++) {
  const data = new Float32Array(200_000).fill(round);
  const bytes = serializeSafetensors([["w", { dtype: "float32", shape: [data.length], data }]]);
  await writeFileAtomic(path, bytes);
  if (round === 0) console.log("saving");
}
