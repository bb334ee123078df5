import { ValueError } from "../core/errors.ts";
import { Module } from "./module.ts";

/** A module that can be called. */
export type Callable = Module & { forward(...inputs: never[]): unknown };
type Anything = readonly unknown[];
type Inputs<M extends Callable> = Parameters<M["forward"]>;
type Output<M extends Callable> = ReturnType<M["forward"]>;

/** Sees the inputs of a call; what it returns (all of them, or the only one) takes their place. */
export type ForwardPreHook<M extends Callable> = (
  module: M,
  inputs: Readonly<Inputs<M>>,
) => Anything | Inputs<M>[0] | undefined;

/** Sees inputs and output of a call; what it returns, if anything, takes the output's place. */
export type ForwardHook<M extends Callable> = (
  module: M,
  inputs: Readonly<Inputs<M>>,
  output: Output<M>,
) => Output<M> | undefined;

/** What registering a hook gives. */
export interface HookHandle {
  /** Takes the hook away; a second time does nothing. */
  remove(): void;
}

/** Changes inputs on the way in and the output on the way out of one call. */
export type Around = (inputs: Anything) => {
  readonly inputs: Anything;
  finish(output: unknown): unknown;
};

interface Hooks {
  readonly before: Set<(inputs: Anything) => unknown>;
  readonly around: Set<Around>;
  readonly after: Set<(inputs: Anything, output: unknown) => unknown>;
  /** What stands in the place of `forward` while there are hooks. */
  readonly wrapped: (...inputs: Anything) => unknown;
  /** The instance's own `forward`, where it is not its class's. */
  readonly own: PropertyDescriptor | undefined;
}

const hooked = new WeakMap<Module, Hooks>();

/**
 * Calls `hook` with the module, the inputs and the output of each `forward`. Inside `compile` it
 * runs while the step is recorded, and what it records is part of the step.
 *
 *     const seen = new Map<string, Tensor>();
 *     const handle = nn.registerForwardHook(model.encoder, (_, __, out) => void seen.set("e", out));
 *
 * @throws ValueError for what cannot be called
 */
export function registerForwardHook<M extends Callable>(
  module: M,
  hook: ForwardHook<M>,
): HookHandle {
  const { after } = hooksOf("registerForwardHook", module);
  return put(module, after, (inputs, output) =>
    hook(module, inputs as Inputs<M>, output as Output<M>),
  );
}

/** Calls `hook` with the module and its inputs before each `forward`, which gets what it returns. */
export function registerForwardPreHook<M extends Callable>(
  module: M,
  hook: ForwardPreHook<M>,
): HookHandle {
  const { before } = hooksOf("registerForwardPreHook", module);
  return put(module, before, (inputs) => hook(module, inputs as Inputs<M>));
}

/** Puts something around each call of a module, inside of its forward-pre hooks. */
export function registerAround(op: string, module: Callable, around: Around): HookHandle {
  return put(module, hooksOf(op, module).around, around);
}

function put<F extends (...args: never[]) => unknown>(
  module: Module,
  list: Set<F>,
  hook: F,
): HookHandle {
  list.add(hook);
  const remove = () => {
    list.delete(hook);
    restore(module);
  };
  return { remove };
}

function hooksOf(op: string, module: Callable): Hooks {
  if (!(module instanceof Module) || typeof module.forward !== "function") {
    throw new ValueError(
      `${op}: there is no forward to hook; got ${String(module)}. Pass a module that is called ` +
        "by its forward method: of a ModuleList, hook its members.",
    );
  }
  let hooks = hooked.get(module);
  if (hooks === undefined) {
    hooks = wrap(module);
    hooked.set(module, hooks);
  }
  return hooks;
}

function wrap(module: Callable): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const forward = module.forward as (...inputs: Anything) => unknown;
  const hooks: Hooks = {
    before: new Set(),
    around: new Set(),
    after: new Set(),
    wrapped: (...inputs) => call(hooks, inputs, (given) => forward.apply(module, [...given])),
    own,
  };
  // Not enumerable: it is no member of the module.
  Object.defineProperty(module, "forward", {
    value: hooks.wrapped,
    configurable: true,
    writable: true,
  });
  return hooks;
}

/** The instance is as it was once its last hook is gone, unless somebody else wrapped it since. */
function restore(module: Module): void {
  const hooks = hooked.get(module);
  if (hooks === undefined || hooks.before.size + hooks.around.size + hooks.after.size > 0) return;
  if (Object.getOwnPropertyDescriptor(module, "forward")?.value !== hooks.wrapped) return;
  hooked.delete(module);
  if (hooks.own === undefined) Reflect.deleteProperty(module, "forward");
  else Object.defineProperty(module, "forward", hooks.own);
}

function call(hooks: Hooks, given: Anything, forward: (inputs: Anything) => unknown): unknown {
  let inputs = given;
  for (const hook of [...hooks.before]) {
    const other = hook(inputs);
    if (other !== undefined) inputs = Array.isArray(other) ? other : [other];
  }
  const finishes: ((output: unknown) => unknown)[] = [];
  for (const around of [...hooks.around]) {
    const step = around(inputs);
    inputs = step.inputs;
    finishes.push(step.finish);
  }
  let output = forward(inputs);
  for (const hook of [...hooks.after]) {
    const other = hook(inputs, output);
    if (other !== undefined) output = other;
  }
  return finishes.reduceRight((value, finish) => finish(value), output);
}
