import { describe, expect, it } from 'vitest';
import { spreadKernel, spreadSide } from '../../../../src/kit/net/exchange/spread-kernel.ts';
import { halfToNumber, numberToHalf } from '../../../../src/kit/codec/little-endian-floats.ts';

describe('a convolution with dilation', () => {
  it('is one of a larger window, with zeros between the cells', () => {
    const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const spread = spreadKernel({ dims: [2, 1, 2, 2], values }, [2, 3]);
    expect(spread.dims).toEqual([2, 1, 3, 4]);
    expect([...spread.values.slice(0, 12)]).toEqual([1, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4]);
    expect([...spread.values.slice(12)]).toEqual([5, 0, 0, 6, 0, 0, 0, 0, 7, 0, 0, 8]);
    expect([spreadSide(3, 1), spreadSide(3, 2), spreadSide(1, 5)]).toEqual([3, 5, 1]);
  });
});

describe('float16', () => {
  it('is read back as it was written, for every bit pattern of a number', () => {
    const wrong = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => {
      const value = halfToNumber(bits);
      return !Number.isNaN(value) && numberToHalf(value) !== bits;
    });
    expect(wrong).toEqual([]);
    expect(Number.isNaN(halfToNumber(numberToHalf(NaN)))).toBe(true);
  });

  it('is the nearest, of two the even one', () => {
    const found = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519.9, 65520, 2 ** -25, 1.5 * 2 ** -25, -0.1].map((value) =>
      halfToNumber(numberToHalf(value)),
    );
    expect(found).toEqual([1, 1 + 2 ** -9, 65504, Infinity, 0, 2 ** -24, -0.0999755859375]);
  });
});
