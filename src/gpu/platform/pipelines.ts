/** Makes a pipeline; rejects with what is wrong with it. */
export type PipelineMaker = (
  descriptor: GPUComputePipelineDescriptor,
) => Promise<GPUComputePipeline>;

/**
 * Where WebGPU asks for news in a loop, as in Node, waiting takes a core and fills the heap. A
 * software adapter compiles on the same cores, so its pipelines are made in one go, one after the
 * other, with a turn of the event loop between: in half the time and with a third of the memory.
 * While this thread is busy with some, WebGPU's threads make as many others.
 */
export function pipelineMaker(device: GPUDevice, software: boolean): PipelineMaker {
  if (!software) return (descriptor) => device.createComputePipelineAsync(descriptor);
  let last: Promise<unknown> = Promise.resolve();
  let [here, elsewhere] = [0, 0];
  return (descriptor) => {
    if (elsewhere < here) {
      elsewhere++;
      return device.createComputePipelineAsync(descriptor).finally(() => elsewhere--);
    }
    here++;
    const made = last.then(() => makeAtOnce(device, descriptor)).finally(() => here--);
    last = made.catch(() => "whoever asked for it is told");
    return made;
  };
}

async function makeAtOnce(
  device: GPUDevice,
  descriptor: GPUComputePipelineDescriptor,
): Promise<GPUComputePipeline> {
  device.pushErrorScope("validation");
  const pipeline = device.createComputePipeline(descriptor);
  const error = await device.popErrorScope();
  if (error !== null) throw error;
  return pipeline;
}
