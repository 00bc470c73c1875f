import { wasmInstance } from '../../core/wasm-instance.ts';

/** In the memory of the module; another one after each opening. */
interface Address {
  readonly value: number;
}

/** What wasm/resize exports: both kinds of resizing use the same memory, one after the other. */
export interface ResizeModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  open(pixels: number, target: number, shares: number): number;
  sumAcross(): void;
  addDown(share: number, isFirst: boolean): void;
  round(): void;
  sumAcrossExactly(): void;
  addDownExactly(share: number, isFirst: boolean): void;
  readonly row: Address;
  readonly start: Address;
  readonly source: Address;
  readonly share: Address;
  readonly bytes: Address;
  readonly exact: Address;
  openBlend(pixels: number, target: number): number;
  blendAcross(): void;
  swapRows(): void;
  blendDown(upper: number, lower: number): void;
  readonly blendedRow: Address;
  readonly places: Address;
  readonly blended: Address;
}

let instance: ResizeModule | undefined;

/** The module of this thread, loaded when the first image is resized. It holds rows, never a whole image. */
export function resizeModule(): ResizeModule {
  instance ??= wasmInstance('resize') as ResizeModule;
  return instance;
}
