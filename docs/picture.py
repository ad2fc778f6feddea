"""A terminal's screen as a picture: `tmux capture-pane -e -p -N -t NAME | python docs/picture.py FILE.png`.

A development tool. It needs Pillow (`uv run --with pillow docs/picture.py …`) and the Noto fonts of Debian's
`fonts-noto-cjk` and `fonts-noto-mono`. Every character is set into its own cells, so that Chinese is neither squeezed
nor pushed out of its column, as it is in an SVG screenshot.
"""

import re
import sys
import unicodedata

from PIL import Image, ImageDraw, ImageFont

CELL, LINE = 10, 22  # pixels
FOREGROUND, BACKGROUND = (230, 233, 236), (17, 22, 27)
LATIN = "/usr/share/fonts/truetype/noto/NotoSansMono-{}.ttf"
CHINESE = "/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"
SIMPLIFIED = 2  # the index of Noto Sans CJK SC within its file
BASIC = ["000000", "aa0000", "00aa00", "aa5500", "0000aa", "aa00aa", "00aaaa", "aaaaaa"]
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")

Colour = tuple[int, int, int]


class Pen:
    """The colours of the moment, moved by SGR sequences (ECMA-48 8.3.117)."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.ink, self.paper = FOREGROUND, BACKGROUND
        self.bold = self.reverse = False

    def obey(self, sequence: str) -> None:
        codes = [int(code or 0) for code in sequence.split(";")]
        while codes:
            match codes.pop(0):
                case 0:
                    self.reset()
                case 1:
                    self.bold = True
                case 22:
                    self.bold = False
                case 7:
                    self.reverse = True
                case 27:
                    self.reverse = False
                case 38:
                    self.ink = colour(codes)
                case 48:
                    self.paper = colour(codes)
                case 39:
                    self.ink = FOREGROUND
                case 49:
                    self.paper = BACKGROUND
                case basic if 30 <= basic <= 37:
                    self.ink = hexadecimal(BASIC[basic - 30])
                case basic if 40 <= basic <= 47:
                    self.paper = hexadecimal(BASIC[basic - 40])


def colour(codes: list[int]) -> Colour:
    """The rest of 38 or 48: `2;r;g;b` or `5;n`."""
    if codes.pop(0) == 2:
        red, green, blue, *codes[:] = codes
        return red, green, blue
    index = codes.pop(0)
    if index < 16:
        return hexadecimal(BASIC[index % 8])
    if index > 231:
        return (8 + (index - 232) * 10,) * 3
    red, green, blue = (index - 16) // 36, (index - 16) // 6 % 6, (index - 16) % 6
    return tuple(55 + 40 * part if part else 0 for part in (red, green, blue))


def hexadecimal(text: str) -> Colour:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def draw(screen: str) -> Image.Image:
    lines = screen.rstrip("\n").split("\n")
    width = max(sum(cells(character) for character in SEQUENCE.sub("", line)) for line in lines)
    picture = Image.new("RGB", (width * CELL, len(lines) * LINE), BACKGROUND)
    brush = ImageDraw.Draw(picture)
    fonts = {
        (wide, bold): ImageFont.truetype(
            (CHINESE if wide else LATIN).format("Bold" if bold else "Regular"),
            18 if wide else 16,
            index=SIMPLIFIED if wide else 0,
        )
        for wide in (False, True)
        for bold in (False, True)
    }
    pen = Pen()
    for row, line in enumerate(lines):
        column = 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if found := SEQUENCE.fullmatch(part):
                pen.obey(found[1])
                continue
            for character in part:
                width = cells(character)
                ink, paper = (pen.paper, pen.ink) if pen.reverse else (pen.ink, pen.paper)
                left, top = column * CELL, row * LINE
                brush.rectangle((left, top, left + width * CELL - 1, top + LINE - 1), fill=paper)
                font = fonts[width == 2, pen.bold]
                shift = (width * CELL - font.getlength(character)) / 2
                brush.text((left + shift, top + LINE - 6), character, fill=ink, font=font, anchor="ls")
                column += width
    return picture


def cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


if __name__ == "__main__":
    draw(sys.stdin.read()).quantize(96).save(sys.argv[1], optimize=True)
