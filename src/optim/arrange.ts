import { ValueError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { Flat } from "../tensor/flat.ts";
import { realize } from "../tensor/realize.ts";
import { noGrad, recorder } from "../tensor/recorder.ts";
import type { Variable } from "../tensor/variable.ts";
import { type FlatParameters, flatten } from "./flatParameters.ts";
import { type Member, Members, type ParameterGroup, type Progress } from "./parameterGroups.ts";
import type { Rule } from "./rule.ts";
import type { Window } from "./update.ts";

/**
 * Packs the parameters of all groups into flat buffers, and makes their state.
 * @throws ValueError for a parameter that is not for this rule
 */
export function arrange(rule: Rule, groups: readonly ParameterGroup[]): [Members, Window[]] {
  const progress = groups.map((group): Progress => {
    return { group, t: 0, numbers: { ...rule.numbers } };
  });
  const owner = new Map(groups.flatMap(({ params }, i) => params.map((p) => [p, i] as const)));
  const all = groups.flatMap(({ params }) => params);
  const flats = flatten(rule.name, all);
  checkAccepted(rule, all);
  warnOfOthers(rule, all);
  const windows = flats.map((flat): Window => {
    const members = flat.parameters.map((variable): Member => {
      return { variable, progress: progress[owner.get(variable)!] };
    });
    const slots = makeSlots(rule, groups, flat);
    startSlots(rule, slots, members);
    const { device } = flat.values;
    const shared = rule.shared?.(rule.name, groups[0].options, device, flats.length) ?? new Map();
    return { flat, slots, shared, members, tables: new Map() };
  });
  const found = new Map(windows.flatMap(({ members }) => members.map((m) => [m.variable, m])));
  return [new Members(all.map((p) => found.get(p)!)), windows];
}

function checkAccepted(rule: Rule, parameters: readonly Variable[]): void {
  const refused = parameters.flatMap(({ name, shape }) => {
    const why = rule.accepts?.(shape) ?? null;
    return why === null ? [] : [`"${name}" ${show(shape)} ${why}`];
  });
  if (refused.length > 0) throw new ValueError(`${rule.name}: ${refused.join("; ")}.`);
}

const owners = new WeakMap<Variable, string>();

/** Two optimizers may update one parameter, but seldom are meant to. */
function warnOfOthers({ name }: Rule, parameters: readonly Variable[]): void {
  const shared = parameters.filter((p) => owners.has(p));
  const other = owners.get(shared[0]);
  for (const p of parameters) owners.set(p, name);
  if (other === undefined) return;
  void import("./sharedWarning.ts").then(({ warnOfShared }) => warnOfShared(name, other, shared));
}

function makeSlots(
  rule: Rule,
  groups: readonly ParameterGroup[],
  { values }: FlatParameters,
): Map<string, Flat> {
  const names = new Set(groups.flatMap(({ options }) => rule.slots(rule.flags(options))));
  const { device, segments } = values;
  return new Map(
    [...names].map((slot) => {
      const label = `${slot} of ${rule.name}`;
      if (rule.slotShape === undefined) {
        return [slot, new Flat(label, device, segments, { inPlace: true, like: values })];
      }
      const own = segments.map(({ name, shape }) => {
        return { name, shape: rule.slotShape!(slot, shape) };
      });
      return [slot, new Flat(label, device, own, { inPlace: true })];
    }),
  );
}

/** Slots that do not begin at zero. */
function startSlots(
  rule: Rule,
  slots: ReadonlyMap<string, Flat>,
  members: readonly Member[],
): void {
  if (rule.start === undefined) return;
  noGrad(() => {
    for (const [slot, values] of slots) {
      members.forEach(({ variable, progress }, i) => {
        const value = rule.start!(slot, variable, progress.group.options);
        if (value !== null) values.assignPart(i, value.node);
      });
    }
  });
  // They are stored now, so that the first step is planned like all others.
  if (recorder.capture === null) realize(members[0].variable.device, []);
}
