import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { propertyFile } from '../../../../src/kit/codec/insightface/property-file.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';

const decode = (text: string) => propertyFile.decode(new Cursor(Buffer.from(text), 'property'));

describe('a property file', () => {
  it.each(['85742,112,112', '85742,112,112\n', '1,1,1\n85742,112,112\r\n\n'])('reads %j', (text) => {
    expect(decode(text)).toEqual({ identities: 85742, height: 112, width: 112 });
  });

  it('keeps height before width', () => {
    expect(Buffer.from(propertyFile.encode({ identities: 2, height: 112, width: 96 })).toString()).toBe('2,112,96\n');
  });

  it.each(['', '85742,112', '85742,112,112,3', 'a,b,c', '1,1,1\n2,2\n'])('refuses %j', async (text) => {
    const [failure] = await failuresOf(() => decode(text));
    expect(failure?.code).toBe('damaged-property');
    expect(failure?.message).toContain('expected "identities,height,width"');
  });
});
