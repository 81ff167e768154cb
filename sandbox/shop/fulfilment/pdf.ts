/** A6 in points. */
const [WIDTH, HEIGHT] = [298, 420];

/** Helvetica has Latin letters only; others become question marks. */
const literal = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').replace(/[\\()]/g, '\\$&');

/** One page of text lines, the first in large letters: a real PDF with a right cross-reference table. */
export function pdfOf(lines: readonly string[]): Buffer {
  const text = lines.map((line, index) => `${index === 0 ? '/F1 16 Tf' : index === 1 ? '/F1 10 Tf' : ''} (${literal(line)}) Tj T*`).join('\n');
  const content = `0.5 w 12 12 ${WIDTH - 24} ${HEIGHT - 24} re S\nBT 18 TL 24 ${HEIGHT - 44} Td\n${text}\nET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>`,
    `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets: number[] = [];
  objects.forEach((object, index) => {
    offsets.push(file.length);
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}
