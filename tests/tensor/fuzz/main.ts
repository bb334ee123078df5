// Looks for graphs that come out differently fused, unfused and in float64:
//   npm run fuzz                                  5 000 graphs by a new seed
//   FUZZ_SEED=7 FUZZ_COUNT=300 npm run fuzz       these 300 again
import { replayCases, search } from "./search.ts";

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env.FUZZ_COUNT ?? 5000);
/** Training a graph takes five runs of it: so fewer are. */
const trained = Math.ceil(count / 10);

async function findDifference(): Promise<string | null> {
  const known = await replayCases();
  if (known.length > 0) return known.join("\n");
  const tell = (what: string) => (done: number) => console.log(`${done} ${what}`);
  const found = await search({ count, seed, progress: tell(`of ${count} graphs`) });
  if (found !== null) return found;
  const progress = tell(`of ${trained} graphs trained`);
  return search({ count: trained, seed, training: true, progress });
}

console.log(`${count} graphs, and ${trained} trained, seed ${seed}`);
const found = await findDifference();
if (found === null) console.log(`${count} graphs, seed ${seed}, 0 differences`);
else {
  console.log(`${found}\nseed ${seed}: a difference`);
  process.exitCode = 1;
}
