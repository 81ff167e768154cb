const SHOWN_LINES = 14;
const REDRAW_MS = 200;
const PLAIN_STATUS_MS = 5_000;

export interface Screen {
  line(text: string): void;
  close(): void;
}

/** In a terminal: the newest lines with a status line below, redrawn in place. Elsewhere: lines, and the status every 5 s. */
export function openScreen(output: NodeJS.WriteStream, status: () => string): Screen {
  return output.isTTY ? terminal(output, status) : plain(output, status);
}

function plain(output: NodeJS.WriteStream, status: () => string): Screen {
  const timer = setInterval(() => output.write(`${status()}\n`), PLAIN_STATUS_MS);
  return { line: (text) => void output.write(`${text}\n`), close: () => clearInterval(timer) };
}

function terminal(output: NodeJS.WriteStream, status: () => string): Screen {
  const lines: string[] = [];
  let drawn = 0;
  const cut = (text: string): string => [...text].slice(0, Math.max(20, output.columns - 2)).join('');
  const draw = (): void => {
    const block = [...lines, '', status()].map((text) => `\x1b[2K${cut(text)}\n`).join('');
    output.write((drawn > 0 ? `\x1b[${drawn}A` : '') + block);
    drawn = lines.length + 2;
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    line: (text) => {
      lines.push(text);
      if (lines.length > SHOWN_LINES) lines.shift();
    },
    close: () => {
      clearInterval(timer);
      draw();
    },
  };
}
