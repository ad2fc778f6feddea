"""Lines over decades, as an SVG that a browser shows: written by hand, nothing to install."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

WIDTH, HEIGHT, EDGE = 900, 520, 70
COLOURS = ("#2f6f9f", "#c0392b", "#2e8b57", "#d9902f", "#7d5ba6", "#4b8b8b")

Points = Sequence[tuple[float, float]]


def loglog(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """Each line by its name. Everything has to be above 0."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    x_from, x_to = floor(log10(min(xs))), ceil(log10(max(xs)))
    y_from, y_to = floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        right = EDGE + (log10(x) - x_from) / max(x_to - x_from, 1) * (WIDTH - 4 * EDGE)
        down = HEIGHT - EDGE - (log10(y) - y_from) / (y_to - y_from) * (HEIGHT - 2 * EDGE)
        return round(right, 1), round(down, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{EDGE}" y="30" font-size="16">{title}</text>',
        f'<text x="{EDGE}" y="{HEIGHT - 20}">{across}</text><text x="{EDGE}" y="55">{up}</text>',
    ]
    for power in range(x_from, x_to + 1):
        x, bottom = place(10**power, 10**y_from)
        parts.append(f'<line x1="{x}" y1="{EDGE}" x2="{x}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in range(y_from, y_to + 1):
        left, y = place(10**x_from, 10**power)
        parts.append(f'<line x1="{left}" y1="{y}" x2="{WIDTH - 3 * EDGE}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour, dash = COLOURS[number // 2 % len(COLOURS)], ' stroke-dasharray="6 4"' if number % 2 else ""
        drawn = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        x, y = place(*points[-1])
        parts.append(f'<text x="{x + 8}" y="{y + 4}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
