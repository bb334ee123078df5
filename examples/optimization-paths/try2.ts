import { init } from "tapegrad";
import { methodNames, methods } from "./methods.ts";
import { surfaces } from "./objectives.ts";
import { Race } from "./paths.ts";
await init({ device: "cpu" });
const which = (x: number, y: number) => surfaces.himmelblau.minima.findIndex(([a, b]) => Math.hypot(a - x, b - y) < 0.5);
for (const start of [[0, -1], [-0.3, -0.7], [0, -0.5], [0.3, -1.2], [-0.6, 0], [0.2,-2.5], [-0.8,-0.4], [0, 0]] as const) {
  const race = new Race("himmelblau", methodNames.map((method) => ({ method })), start);
  for (let i = 0; i < 100 && !race.isOver; i++) await race.advance();
  console.log(start.join(), race.paths.map((p) => `${p.method}:${which(...p.points.at(-1)!.at)}`).join(" "));
}
for (const lr of [1e-3, 1.5e-3, 2e-3]) for (const method of ["sgd"] as const) {
  const race = new Race("rosenbrock", [{ method, lr }]);
  for (let i = 0; i < 200 && !race.isOver; i++) await race.advance();
  const e = race.paths[0].points.at(-1)!;
  console.log(method, lr, e.value, e.at.join(), race.paths[0].points.slice(0,6).map(p=>p.at.map(v=>v.toFixed(2)).join()).join(" "));
}
for (const lr of [5e-4, 1e-3, 2e-3]) for (const method of ["momentum","nesterov"] as const) {
  const race = new Race("rosenbrock", [{ method, lr }]);
  for (let i = 0; i < 200 && !race.isOver; i++) await race.advance();
  const e = race.paths[0].points.at(-1)!;
  console.log(method, lr, race.paths[0].ending, e.value, e.at.join(), race.paths[0].points.slice(0,6).map(p=>p.at.map(v=>v.toFixed(2)).join()).join(" "));
}
for (const [method, lr] of [["sgd",.01],["sgd",.02],["momentum",2e-3],["momentum",5e-3],["nesterov",5e-3],["adam",.2],["adam",.05],["rmsprop",.05]] as const) {
  const race = new Race("beale", [{ method, lr }]);
  for (let i = 0; i < 200 && !race.isOver; i++) await race.advance();
  const e = race.paths[0].points.at(-1)!;
  console.log("beale", method, lr, race.paths[0].ending, e.value, e.at.join(), race.paths[0].points.slice(0,6).map(p=>p.at.map(v=>v.toFixed(2)).join()).join(" "));
}
void methods;
