import { Node } from "../core/node.ts";
import { NO_ATTRS, SCALAR } from "../tensor/op.ts";
import { recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Members, Progress } from "./parameterGroups.ts";
import type { Rule } from "./rule.ts";

export type Scalars = Readonly<Record<string, Tensor>>;

/** What one step knows about parameters that are equally far. */
export interface Step {
  /** The number of the step, from 1 on. */
  readonly t: Tensor;
  readonly scalars: Scalars;
}

/**
 * Counts a step for the parameters that have a gradient, and gives each `Progress` among them its
 * numbers as scalar nodes; a replay of a compiled step counts, and computes the numbers, anew.
 */
export function countStep(rule: Rule, members: Members): Map<Progress, Step> {
  const present = members.list.filter(({ variable }) => variable.grad !== null);
  const stepping = new Set(present.map(({ progress }) => progress));
  leaveBehind(members, stepping);
  recorder.capture?.guard(() => members.version);
  const { device } = members.list[0].variable;
  const number = () => new Node(SCALAR, [], NO_ATTRS, "", [], "float32", device);
  return new Map([...stepping].map((progress) => [progress, countOne(rule, progress, number)]));
}

function countOne(rule: Rule, progress: Progress, number: () => Node): Step {
  const before = { t: progress.t, numbers: { ...progress.numbers } };
  const { options } = progress.group;
  const names = Object.keys(rule.scalars(options, 1, { ...progress.numbers }));
  const nodes = names.map(number);
  const t = number();
  const advance = () => {
    t.value = ++progress.t;
    const now = rule.scalars(options, progress.t, progress.numbers);
    for (let i = 0; i < names.length; i++) nodes[i].value = now[names[i]];
  };
  if (recorder.capture === null) advance();
  else recorder.capture.effect(advance, [...nodes, t], () => Object.assign(progress, before));
  const scalars = Object.fromEntries(names.map((name, i) => [name, new Tensor(nodes[i])]));
  return { t: new Tensor(t), scalars };
}

/** Parameters without a gradient keep their count while others of the same progress go on. */
function leaveBehind(members: Members, stepping: ReadonlySet<Progress>): void {
  const behind = new Map<Progress, Progress>();
  for (const member of members.list) {
    const { progress, variable } = member;
    if (variable.grad !== null || !stepping.has(progress)) continue;
    const own = behind.get(progress) ?? { ...progress, numbers: { ...progress.numbers } };
    behind.set(progress, own);
    member.progress = own;
    members.version++;
  }
}
