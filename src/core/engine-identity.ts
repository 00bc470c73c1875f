/** The tensor library a task computes with; part of the key of tasks whose stage declares that it needs an `engine`. */
export interface EngineIdentity {
  /** `onnxruntime` infers only; the others train too. */
  readonly name: 'tensorflow' | 'onnxruntime' | 'webgpu' | 'wasm' | 'cpu';
  readonly version: string;
}
