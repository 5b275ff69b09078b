"""Line plots as SVG, with logarithmic axes where asked for. Nothing but the standard library."""

import html
import math

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 36, 82
COLOURS = ("#0b62a4", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b", "#555555")


class Axis:
    """From values to places between `low` and `high` of the picture."""

    def __init__(self, values, low, high, logarithmic):
        self.logarithmic = logarithmic
        self.low, self.high = low, high
        values = [value for value in values if value > 0 or not logarithmic]
        if logarithmic:
            self.first = math.floor(math.log10(min(values)) + 1e-9)
            self.last = max(math.ceil(math.log10(max(values)) - 1e-9), self.first + 1)
        else:
            self.step = nice_step(max(values))
            self.first, self.last = 0, self.step * math.ceil(max(values) / self.step)

    def place(self, value):
        at = math.log10(value) if self.logarithmic else value
        return self.low + (at - self.first) / (self.last - self.first) * (self.high - self.low)

    def ticks(self):
        if self.logarithmic:
            return [10.0 ** power for power in range(self.first, self.last + 1)]
        return [self.step * i for i in range(round(self.last / self.step) + 1)]


def nice_step(largest):
    """Four to eight ticks at 1, 2 or 5 times a power of ten."""
    rough = (largest or 1) / 5
    power = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:g}"


def text(x, y, words, anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>'
            f'{html.escape(words)}</text>')


def grid(x_axis, y_axis, x_values):
    """The frame, a line for each tick, and their numbers. `x_values`: where points stand."""
    parts = []
    for value in y_axis.ticks():
        y = y_axis.place(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, y + 4, short(value), "end"))
    for value in x_values:
        x = x_axis.place(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(text(x, HEIGHT - BOTTOM + 16, short(value)))
    parts.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" '
                 'stroke="#333"/>')
    return parts


def line(points, x_axis, y_axis, colour, dashed):
    places = [(x_axis.place(x), y_axis.place(y)) for x, y in points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    parts = [f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return parts


def legend(series):
    parts = []
    width = (WIDTH - LEFT - RIGHT) / min(3, len(series))
    for i, (name, _, colour, dashed) in enumerate(series):
        x, y = LEFT + (i % 3) * width, HEIGHT - 26 + (i // 3) * 15
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        parts.append(f'<path d="M{x:.1f} {y - 4:.1f}h18" stroke="{colour}" stroke-width="2"'
                     f'{dash}/>')
        parts.append(text(x + 23, y, name, "start"))
    return parts


def svg(title, x_label, y_label, series, log_y=True):
    """`series`: (name, [(x, y)], colour, dashed). The x axis is logarithmic."""
    series = [one for one in series if one[1]]
    x_values = sorted({x for one in series for x, _ in one[1]})
    x_axis = Axis(x_values, LEFT, WIDTH - RIGHT, True)
    # Only as far as there are points: whole decades would leave half of the picture empty.
    x_axis.first, x_axis.last = (math.log10(x_values[0]) - 0.05, math.log10(x_values[-1]) + 0.05)
    y_axis = Axis([y for one in series for _, y in one[1]], HEIGHT - BOTTOM, TOP, log_y)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(WIDTH / 2, 20, title, more='font-size="14"')]
    parts += grid(x_axis, y_axis, x_values)
    for _, points, colour, dashed in series:
        parts += line(points, x_axis, y_axis, colour, dashed)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 34, x_label))
    parts.append(text(16, middle, y_label, more=f'transform="rotate(-90 16 {middle:.0f})"'))
    parts += legend(series)
    return "\n".join(parts) + "\n</svg>\n"
